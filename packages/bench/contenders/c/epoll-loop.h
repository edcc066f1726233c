// The loop of both epoll contenders: edge-triggered, with a queue of connections that still have work when their
// turn is over. A contender defines `struct connection` with `struct loop_entry entry` as its first member, and:
//   struct connection *connection_opened(int fd)
//   enum outcome connection_turn(struct connection *)   moves bytes, at most one turn's worth
//   void connection_closed(struct connection *)         frees what it holds; the descriptor is closed afterwards
#pragma once
#include <stdbool.h>
#include <sys/epoll.h>
#include "listener.h"

enum outcome { waits, has_more, ended };

struct loop_entry {
  int fd;
  bool queued, hung_up;
  struct loop_entry *next;
};

struct connection;
static struct connection *connection_opened(int fd);
static enum outcome connection_turn(struct connection *);
static void connection_closed(struct connection *);

static struct loop_entry *queue_head, **queue_tail = &queue_head;

static inline void enqueue(struct loop_entry *entry) {
  if (entry->queued) return;
  entry->queued = true;
  entry->next = NULL;
  *queue_tail = entry;
  queue_tail = &entry->next;
}

static void accept_all(int epoll, int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN) perror("accept4");
      return;
    }
    struct connection *connection = connection_opened(fd);
    struct loop_entry *entry = (struct loop_entry *)connection;
    *entry = (struct loop_entry){.fd = fd};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = entry};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
  }
}

static void take_turn(struct loop_entry *entry) {
  enum outcome outcome = connection_turn((struct connection *)entry);
  if (outcome == has_more) enqueue(entry);
  if (outcome != ended) return;
  int fd = entry->fd;
  connection_closed((struct connection *)entry);
  close(fd);
}

static void run_loop(int listener) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail("epoll_create1");
  struct epoll_event listening = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening) < 0) fail("epoll_ctl");
  static struct epoll_event events[1024];
  for (;;) {
    int count = epoll_wait(epoll, events, 1024, queue_head ? 0 : -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    // Those that were left over first: they have waited longer.
    struct loop_entry *left = queue_head;
    queue_head = NULL;
    queue_tail = &queue_head;
    // An entry that is about to be closed must not be among the events of this turn any more.
    for (int i = 0; i < count; i++) {
      struct loop_entry *entry = events[i].data.ptr;
      if (!entry) continue;
      if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) entry->hung_up = true;
      if (entry->queued) events[i].data.ptr = &queue_tail;
    }
    while (left) {
      struct loop_entry *entry = left;
      left = entry->next;
      entry->queued = false;
      take_turn(entry);
    }
    for (int i = 0; i < count; i++) {
      struct loop_entry *entry = events[i].data.ptr;
      if (!entry) accept_all(epoll, listener);
      else if ((void *)entry != (void *)&queue_tail) take_turn(entry);
    }
  }
}
