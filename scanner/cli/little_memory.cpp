#include "scanner/cli/little_memory.hpp"

#include <execinfo.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <system_error>

#include "scanner/cli/command.hpp"
#include "scanner/sandbox/sandbox.hpp"

namespace stratascan::cli {

namespace {

// What main() returns, once it does.
constexpr int under_way = -1;
std::atomic<int> end_code = under_way;

std::atomic<bool> ran_out = false;

[[noreturn]] void end_without_memory() {
    const int code = end_code;
    ::_exit(code == under_way ? out_of_memory() : code);
}

// Where an exception can't be caught, as in a destructor of a library's, exhausted memory is
// an end with a message all the same. Anything else is a bug and stays one.
[[noreturn]] void end_in_terminate() {
    if (const std::exception_ptr thrown = std::current_exception()) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::bad_alloc&) {
            end_without_memory();
        } catch (const std::system_error& error) {
            // A thread that finds no memory is told so.
            if (error.code() == std::errc::resource_unavailable_try_again) end_without_memory();
            static_cast<void>(std::fprintf(stderr, "stratascan: %s\n", error.what()));
        } catch (const SandboxRefused& error) {
            static_cast<void>(std::fprintf(stderr, "stratascan: %s\n", error.what()));
            ::_exit(exit_failed);
        } catch (const std::exception& error) {
            static_cast<void>(std::fprintf(stderr, "stratascan: %s\n", error.what()));
        } catch (...) {
            static_cast<void>(std::fputs("stratascan: an unforeseen end\n", stderr));
        }
    } else if (ran_out && std::uncaught_exceptions() > 0) {
        end_without_memory();  // out of a function that throws nothing else
    }
    std::abort();
}

// Before the constructors of what is static, which ask for memory, too.
[[gnu::constructor(101)]] void prepare_for_none() {
    std::set_terminate(end_in_terminate);
    std::set_new_handler([] {
        ran_out = true;
        throw std::bad_alloc();
    });
}

// OpenSSL takes a failed allocation for a key that is no key, and a finding would be lost;
// or it follows the null pointer. What it gives back is wiped: keys and what is sent over
// TLS pass through here.
void* take(std::size_t size, const char* /*file*/, int /*line*/) {
    void* const memory = std::malloc(size);
    if (memory == nullptr && size > 0) end_without_memory();
    return memory;
}

void give_back(void* memory, const char* /*file*/, int /*line*/) {
    if (memory != nullptr) OPENSSL_cleanse(memory, ::malloc_usable_size(memory));
    std::free(memory);
}

void* take_more(void* memory, std::size_t size, const char* file, int line) {
    if (memory == nullptr) return take(size, file, line);
    if (size == 0) {
        give_back(memory, file, line);
        return nullptr;
    }
    const std::size_t had = ::malloc_usable_size(memory);
    if (size <= had) return memory;
    void* const more = take(size, file, line);
    __builtin_memcpy(more, memory, had);
    give_back(memory, file, line);
    return more;
}

}  // namespace

int out_of_memory() noexcept {
    static std::atomic_flag told;
    if (!told.test_and_set()) {
        static_cast<void>(std::fputs(
            "stratascan: memory ran out, and nothing of this run is reported\n", stderr));
    }
    return exit_failed;
}

void prepare_for_little_memory() {
    CRYPTO_set_mem_functions(take, take_more, give_back);
    // The C library's unwinder is loaded by its first use, which may be when there is no
    // memory to load it.
    void* frame = nullptr;
    static_cast<void>(::backtrace(&frame, 1));
}

void end_with(int code) noexcept { end_code = code; }

}  // namespace stratascan::cli

// libarchive calls exit(1) where a name finds no memory, and 1 is "secrets found". The C library's
// own would destroy what is static while other threads work with it: they crash, or it waits for
// them without end. Libraries find this one first; what main() returns does not come by here.
extern "C" [[gnu::visibility("default")]] void exit(int /*code*/) noexcept {
    using namespace stratascan::cli;
    end_without_memory();
}
