// Bytes as fast as they come back: each connection sends its share and is done when all of it has been received.
#include "load.h"
#include <stdlib.h>

struct connection {
  int fd;
  unsigned number;
  bool readable, writable, queued;
  uint64_t total, sent, received;
};

static bool can_progress(const struct connection *connection) {
  return connection->readable || (connection->writable && connection->sent < connection->total);
}

// One chunk out and one in, so that the server always has something to do in both directions.
static void take_turn(struct connection *connection, struct worker *worker, char *buffer) {
  if (connection->writable && connection->sent < connection->total) {
    ssize_t count = send_some(connection->fd, connection->number, connection->sent, connection->total - connection->sent);
    connection->sent += count;
    if (count == 0) connection->writable = false;
  }
  if (!connection->readable) return;
  ssize_t count = receive_some(connection->fd, connection->number, options.verify ? buffer : NULL, CHUNK);
  if (count < 0) {
    fail("connection %u: closed by the server after %llu of %llu bytes", connection->number,
         (unsigned long long)connection->received, (unsigned long long)connection->total);
  }
  if (count == 0) connection->readable = false;
  if (options.verify) check_bytes(buffer, count, connection->number, connection->received);
  connection->received += count;
  if (connection->received > connection->sent) fail("connection %u: more bytes came back than were sent", connection->number);
  atomic_store_explicit(&worker->result.progress, worker->result.progress + count, memory_order_relaxed);
}

static void body(struct worker *worker) {
  struct connection *connections = calloc(worker->connections, sizeof *connections);
  struct connection **queue = calloc(worker->connections, sizeof *queue);
  struct epoll_event *events = malloc(EVENTS * sizeof *events);
  char *buffer = malloc(CHUNK);
  unsigned queued = 0, open = worker->connections;
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (unsigned i = 0; i < worker->connections; i++) {
    struct connection *connection = &connections[i];
    connection->number = worker->first + i;
    connection->total = options.bytes / options.connections + (connection->number < options.bytes % options.connections);
    connection->fd = connect_blocking(connection->number);
    watch(epoll, connection->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
    atomic_fetch_add_explicit(&worker->result.progress, 1, memory_order_relaxed);
  }
  all_connected();
  while (open > 0) {
    int count = epoll_wait(epoll, events, EVENTS, queued > 0 ? 0 : -1);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) connection->writable = true;
      if (events[i].events & ~EPOLLOUT) connection->readable = true;
      if (!connection->queued && can_progress(connection)) {
        connection->queued = true;
        queue[queued++] = connection;
      }
    }
    unsigned left = 0;
    for (unsigned i = 0; i < queued; i++) {
      struct connection *connection = queue[i];
      for (int turns = 0; turns < 16 && can_progress(connection) && connection->received < connection->total; turns++) {
        take_turn(connection, worker, buffer);
      }
      if (connection->received == connection->total) {
        // Done; it stays open, and out of the queue for good.
        if (connection->total > 0) worker->result.bytes += connection->total;
        epoll_ctl(epoll, EPOLL_CTL_DEL, connection->fd, NULL);
        open--;
      } else if (can_progress(connection)) {
        queue[left++] = connection;
      } else {
        connection->queued = false;
      }
    }
    queued = left;
  }
  part_done();
}

void run_stream(void) {
  run_workers(body, false);
}
