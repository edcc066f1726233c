// Connect, one message, close, over and over: the client closes its side first, and the connection counts when the
// server has closed its own.
#include "load.h"
#include <stdlib.h>

enum stage { establishing, exchanging, closing };

struct connection {
  int fd;
  unsigned number;
  enum stage stage;
  uint64_t started, sent, received;
};

static uint64_t begun, quota;

static void open_next(struct connection *connection, int epoll) {
  *connection = (struct connection){.number = begun++, .started = now()};
  connection->fd = start_connecting(connection->number);
  watch(epoll, connection->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
}

static void establish(struct connection *connection, struct worker *worker) {
  finish_connecting(connection->fd, connection->number);
  histogram_record(&worker->result.latency, now() - connection->started);
  connection->stage = exchanging;
  connection->sent = send_some(connection->fd, connection->number, 0, options.size);
  if (connection->sent < options.size) fail("connection %u: a new socket has no room for a message", connection->number);
}

// Returns whether the server has closed its side.
static bool receive(struct connection *connection, char *buffer) {
  for (;;) {
    ssize_t count = receive_some(connection->fd, connection->number, buffer, CHUNK);
    if (count == 0) return false;
    if (count < 0 && connection->stage != closing) fail("connection %u: closed by the server", connection->number);
    if (count < 0) return true;
    check_bytes(buffer, count, connection->number, connection->received);
    connection->received += count;
    if (connection->received == options.size) {
      shutdown(connection->fd, SHUT_WR);
      connection->stage = closing;
    }
  }
}

static void body(struct worker *worker) {
  unsigned slots = options.parallel;
  struct connection *connections = calloc(slots, sizeof *connections);
  struct epoll_event *events = malloc(EVENTS * sizeof *events);
  char *buffer = malloc(CHUNK);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  all_connected();
  for (unsigned i = 0; i < slots && begun < quota; i++) open_next(&connections[i], epoll);
  while (worker->result.messages < quota) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection->stage == establishing) establish(connection, worker);
      if (!receive(connection, buffer)) continue;
      close(connection->fd);
      worker->result.messages++;
      worker->result.bytes += options.size;
      atomic_fetch_add_explicit(&worker->result.progress, 1, memory_order_relaxed);
      if (begun < quota) open_next(connection, epoll);
    }
  }
  part_done();
}

// One thread: the sockets of a process share locks that a second thread would only fight for.
void run_connects(void) {
  options.threads = 1;
  quota = options.count;
  run_workers(body, false);
}
