// Connections that say nothing after one message each, or that send all they can and never read. They are held until
// stdin is closed; then those are counted that the server has closed meanwhile.
#include "load.h"
#include <stdlib.h>

#define CONNECTING_AT_ONCE 256
#define QUIET (SECOND / 2)

struct connection {
  int fd;
  unsigned number;
  bool established, floods, answered;
  uint64_t sent, received;
};

static void flood(struct connection *connection) {
  ssize_t count;
  do {
    count = send_some(connection->fd, connection->number, connection->sent, CHUNK);
    connection->sent += count;
  } while (count > 0);
}

static void open_connection(struct connection *connection, unsigned number, int epoll) {
  connection->number = number;
  connection->floods = number >= options.connections;
  connection->fd = start_connecting(number);
  watch(epoll, connection->fd, (connection->floods ? 0 : EPOLLIN) | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
}

static void handle(struct connection *connection, char *buffer) {
  if (!connection->established) {
    finish_connecting(connection->fd, connection->number);
    connection->established = true;
    if (!connection->floods) connection->sent = send_some(connection->fd, connection->number, 0, options.size);
  }
  if (connection->floods) {
    flood(connection);
    return;
  }
  ssize_t count = receive_some(connection->fd, connection->number, buffer, CHUNK);
  if (count < 0) fail("connection %u: closed by the server", connection->number);
  check_bytes(buffer, count, connection->number, connection->received);
  connection->received += count;
  connection->answered = connection->received == options.size;
}

// What tells that all is quiet: every idle connection had its answer, and the others have sent nothing for a while.
static uint64_t flooded_bytes(const struct connection *connections, unsigned count) {
  uint64_t total = 0;
  for (unsigned i = options.connections; i < count; i++) total += connections[i].sent;
  return total;
}

static void body(struct worker *worker) {
  unsigned count = options.connections + options.never_read, opened = 0, answered = 0;
  struct connection *connections = calloc(count, sizeof *connections);
  struct epoll_event *events = malloc(EVENTS * sizeof *events);
  char *buffer = malloc(CHUNK);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  uint64_t flooded = 0, flooded_at = now();
  while (answered < options.connections || opened < count || now() - flooded_at < QUIET) {
    while (opened < count && (opened < options.connections ? opened : options.connections) - answered < CONNECTING_AT_ONCE) {
      open_connection(&connections[opened], opened, epoll);
      opened++;
    }
    int ready = epoll_wait(epoll, events, EVENTS, 50);
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      bool before = connection->answered;
      handle(connection, buffer);
      answered += connection->answered && !before;
    }
    uint64_t latest = flooded_bytes(connections, opened);
    if (latest != flooded) flooded = latest, flooded_at = now();
    if (options.never_read == 0) flooded_at = 0;
    atomic_store_explicit(&worker->result.progress, latest + answered, memory_order_relaxed);
  }
  worker->result.messages = options.connections;
  worker->result.bytes = flooded;
  all_connected();
  while (!may_leave()) atomic_fetch_add_explicit(&worker->result.progress, 1, memory_order_relaxed);
  int ready;
  while ((ready = epoll_wait(epoll, events, EVENTS, 0)) > 0) {
    for (int i = 0; i < ready; i++) {
      worker->result.closed += (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    }
  }
  part_done();
}

void run_hold(void) {
  options.threads = 1;
  run_workers(body, false);
}
