// Closed loop: a connection sends its next message when the reply to an earlier one has come back whole.
#include "load.h"
#include <stdlib.h>

struct connection {
  int fd;
  unsigned number;
  bool blocked;          // the socket refused bytes; an edge will tell when it takes more
  uint64_t due;          // bytes that are to be sent so far
  uint64_t sent, received;
  uint64_t *sent_at;     // for each message in flight, by its number modulo the pipeline
};

static void send_due(struct connection *connection) {
  while (connection->sent < connection->due) {
    ssize_t count = send_some(connection->fd, connection->number, connection->sent, connection->due - connection->sent);
    connection->blocked = count == 0;
    if (count == 0) return;
    connection->sent += count;
  }
}

static void add_messages(struct connection *connection, uint64_t first, unsigned count, uint64_t at) {
  for (unsigned i = 0; i < count; i++) connection->sent_at[(first + i) % options.pipeline] = at;
  connection->due += (uint64_t)count * options.size;
}

// Takes what came back and answers each whole message with a new one.
static void receive(struct connection *connection, struct worker *worker, char *buffer) {
  struct result *result = &worker->result;
  for (;;) {
    ssize_t count = receive_some(connection->fd, connection->number, buffer, CHUNK);
    if (count == 0) return;
    if (count < 0) fail("connection %u: closed by the server", connection->number);
    check_bytes(buffer, count, connection->number, connection->received);
    uint64_t first = connection->received / options.size;
    connection->received += count;
    uint64_t next = connection->received / options.size, time = now();
    atomic_store_explicit(&result->progress, result->progress + count, memory_order_relaxed);
    int current = atomic_load_explicit(&phase, memory_order_relaxed);
    if (current == measuring) {
      result->messages += next - first;
      for (uint64_t i = first; i < next; i++) histogram_record(&result->latency, time - connection->sent_at[i % options.pipeline]);
    }
    if (current == finished) return;
    add_messages(connection, first + options.pipeline, next - first, time);
    if (!connection->blocked) send_due(connection);
    // Short of what fits into the buffer: the socket is empty (epoll(7)).
    if (count < CHUNK) return;
  }
}

static void body(struct worker *worker) {
  struct connection *connections = calloc(worker->connections, sizeof *connections);
  struct epoll_event *events = malloc(EVENTS * sizeof *events);
  char *buffer = malloc(CHUNK);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (unsigned i = 0; i < worker->connections; i++) {
    struct connection *connection = &connections[i];
    connection->number = worker->first + i;
    connection->sent_at = calloc(options.pipeline, sizeof *connection->sent_at);
    connection->fd = connect_blocking(connection->number);
    watch(epoll, connection->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
    atomic_fetch_add_explicit(&worker->result.progress, 1, memory_order_relaxed);
  }
  all_connected();
  for (unsigned i = 0; i < worker->connections; i++) {
    add_messages(&connections[i], 0, options.pipeline, now());
    send_due(&connections[i]);
  }
  while (atomic_load_explicit(&phase, memory_order_relaxed) != finished) {
    int count = epoll_wait(epoll, events, EVENTS, 100);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if ((events[i].events & EPOLLOUT) && connection->blocked) send_due(connection);
      if (events[i].events & ~EPOLLOUT) receive(connection, worker, buffer);
    }
  }
  worker->result.bytes = worker->result.messages * options.size;
  part_done();
}

void run_requests(void) {
  run_workers(body, true);
}
