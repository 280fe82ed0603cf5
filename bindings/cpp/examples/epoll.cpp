// A program with its own event loop: a ticket's file descriptor stands in epoll beside the others,
// here a timer. No thread waits for the queue.
//
// Prints:
//     tick: sending
//     received: sent by the timer
#include <forebay.hpp>
#include <iostream>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

void watch(int loop, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

int timer_in(long milliseconds) {
    const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    itimerspec when{};
    when.it_value.tv_nsec = milliseconds * 1000 * 1000;
    timerfd_settime(timer, 0, &when, nullptr);
    return timer;
}

int main() {
    const auto store = forebay::open("./queues");
    const auto queue = store.create_queue("events");
    const int loop = epoll_create1(0);
    const int timer = timer_in(10);
    watch(loop, timer);

    forebay::receive_options options;
    options.wait = std::chrono::seconds(20);
    const auto ticket = queue.receive_start(options);
    watch(loop, ticket.fd());
    for (bool waiting = true; waiting;) {
        epoll_event event{};
        if (epoll_wait(loop, &event, 1, -1) != 1)
            continue;
        if (event.data.fd == timer) {
            std::cout << "tick: sending\n";
            epoll_ctl(loop, EPOLL_CTL_DEL, timer, nullptr);
            queue.send("sent by the timer");
        } else {
            // The receive has ended. Never read or close a ticket's descriptor: it is the ticket's.
            epoll_ctl(loop, EPOLL_CTL_DEL, ticket.fd(), nullptr);
            for (const auto &message : ticket.take()) {
                std::cout << "received: " << message.body() << '\n';
                message.remove();
            }
            waiting = false;
        }
    }
    close(timer);
    close(loop);
}
