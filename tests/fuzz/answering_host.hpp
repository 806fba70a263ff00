// A host that says what it is told to say: for each request the next answer, as raw bytes,
// over TCP on this machine and over a unix socket. Nothing in it knows HTTP beyond the end
// of a request's header.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/image_builder.hpp"

namespace stratascan::test {

class AnsweringHost {
public:
    AnsweringHost() {
        tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        listen_at(tcp_, address);
        socklen_t size = sizeof address;
        ::getsockname(tcp_, reinterpret_cast<sockaddr*>(&address), &size);
        name_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));

        unix_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un place{};
        place.sun_family = AF_UNIX;
        path().copy(place.sun_path, sizeof place.sun_path - 1);
        listen_at(unix_, place);
        serving_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
    }
    ~AnsweringHost() {
        serving_.request_stop();
        serving_.join();
        ::close(tcp_);
        ::close(unix_);
    }
    AnsweringHost(const AnsweringHost&) = delete;
    AnsweringHost& operator=(const AnsweringHost&) = delete;

    /// "127.0.0.1:PORT"
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Of the unix socket.
    [[nodiscard]] std::string path() const { return folder_.path("socket"); }
    /// A file in the host's own folder.
    [[nodiscard]] std::string write(std::string_view name, std::string_view bytes) const {
        return folder_.write(name, bytes);
    }

    /// From here on requests are answered with these, one after the other; with
    /// `welcome` the question whether it is a registry (GET /v2/) always gets a yes. What
    /// is asked beyond them is not there.
    void answer_with(std::deque<std::string> answers, bool welcome) {
        const std::scoped_lock lock(mutex_);
        answers_ = std::move(answers);
        welcome_ = welcome;
    }

private:
    template <typename Address>
    static void listen_at(int socket, const Address& address) {
        if (socket < 0 ||
            ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(socket, 64) != 0) {
            std::abort();
        }
    }

    void serve(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd ready[2] = {{tcp_, POLLIN, 0}, {unix_, POLLIN, 0}};
            if (::poll(ready, 2, 50) <= 0) continue;
            for (const pollfd& one : ready) {
                if ((one.revents & POLLIN) == 0) continue;
                const int connection = ::accept4(one.fd, nullptr, nullptr, SOCK_CLOEXEC);
                if (connection >= 0) talk(connection);
            }
        }
    }

    void talk(int connection) {
        const timeval patience{1, 0};
        ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        std::string request, part(4096, '\0');
        while (request.find("\r\n\r\n") == std::string::npos) {
            const ssize_t got = ::recv(connection, part.data(), part.size(), 0);
            if (got <= 0) break;
            request.append(part, 0, static_cast<std::size_t>(got));
        }
        std::string_view answer_left;
        const std::string answer = next_answer(request);
        answer_left = answer;
        while (!answer_left.empty()) {
            const ssize_t sent =
                ::send(connection, answer_left.data(), answer_left.size(), MSG_NOSIGNAL);
            if (sent <= 0) break;
            answer_left.remove_prefix(static_cast<std::size_t>(sent));
        }
        // What was sent must arrive although bytes of the request may be unread.
        ::shutdown(connection, SHUT_WR);
        ::close(connection);
    }

    std::string next_answer(const std::string& request) {
        const std::scoped_lock lock(mutex_);
        if (welcome_ && request.starts_with("GET /v2/ ")) {
            return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
        }
        if (answers_.empty()) {
            return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        }
        std::string answer = std::move(answers_.front());
        answers_.pop_front();
        return answer;
    }

    TempDir folder_;
    int tcp_ = -1, unix_ = -1;
    std::string name_;
    std::mutex mutex_;
    std::deque<std::string> answers_;
    bool welcome_ = false;
    std::jthread serving_;
};

}  // namespace stratascan::test
