// Memory that C++ gives back is wiped: passwords, tokens, keys and the secrets that were
// found live in strings, JSON values and vectors of many makers, which copy and grow, and
// no call at the end of a function reaches all of these. The program has it so; the
// library leaves the choice to its users.
//
// What is kept inside an object or on the stack (texts of up to 15 bytes) is not reached.
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

// Sanitizers have an allocator of their own, and look after what is given back.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// The analyzer takes what gives memory back for a user of what was given back.
// NOLINTBEGIN(clang-analyzer-unix.MismatchedDeallocator,clang-analyzer-cplusplus.NewDelete)
namespace {

void give_back(void* memory, std::size_t size) noexcept {
    std::memset(memory, 0, size);
    // The compiler must not take it for a store that nobody reads.
    asm volatile("" : : "r"(memory) : "memory");
    std::free(memory);
}

void give_back(void* memory) noexcept {
    if (memory != nullptr) give_back(memory, ::malloc_usable_size(memory));
}

}  // namespace

// `new` stays the C++ library's, which asks malloc.
// NOLINTBEGIN(cert-dcl54-cpp,misc-new-delete-overloads)
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t size) noexcept {
    if (memory != nullptr) give_back(memory, size);
}
void operator delete[](void* memory, std::size_t size) noexcept {
    if (memory != nullptr) give_back(memory, size);
}
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
// NOLINTEND(cert-dcl54-cpp,misc-new-delete-overloads)
// NOLINTEND(clang-analyzer-unix.MismatchedDeallocator,clang-analyzer-cplusplus.NewDelete)

#endif
