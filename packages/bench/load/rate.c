// Open loop: messages are due by a schedule, not when the last reply came. Latency counts from when a message was due,
// so that neither a server that stands still nor a client that comes late hides anything.
#include "load.h"
#include <stdlib.h>

#define DRAIN (5 * SECOND)
#define LATE (SECOND / 1000)
// Messages sent before replies are looked at: a client that is too slow for its rate must still read.
#define SENDS_IN_A_TURN 64

struct times {
  uint64_t due, sent;
};

struct connection {
  int fd;
  unsigned number;
  bool blocked, reads;
  uint64_t due, sent, received;
  // Messages without a reply, a ring that doubles when it is full.
  struct times *waiting;
  uint64_t first, next, capacity;
};

struct schedule {
  uint64_t start, index;
  double interval;
};

static void push(struct connection *connection, struct times times) {
  if (connection->next - connection->first == connection->capacity) {
    uint64_t capacity = connection->capacity ? connection->capacity * 2 : 4;
    struct times *larger = malloc(capacity * sizeof *larger);
    for (uint64_t i = connection->first; i < connection->next; i++) {
      larger[i % capacity] = connection->waiting[i % connection->capacity];
    }
    free(connection->waiting);
    connection->waiting = larger;
    connection->capacity = capacity;
  }
  connection->waiting[connection->next++ % connection->capacity] = times;
}

static void send_due(struct connection *connection) {
  while (connection->sent < connection->due) {
    ssize_t count = send_some(connection->fd, connection->number, connection->sent, connection->due - connection->sent);
    connection->blocked = count == 0;
    if (count == 0) return;
    connection->sent += count;
  }
}

// Everything that the socket takes, without end.
static void flood(struct connection *connection) {
  ssize_t count;
  do {
    count = send_some(connection->fd, connection->number, connection->sent, CHUNK);
    connection->sent += count;
  } while (count > 0);
}

static uint64_t due_at(const struct schedule *schedule, uint64_t index) {
  return schedule->start + (uint64_t)(index * schedule->interval);
}

static bool is_measured(uint64_t due) {
  return due >= measured_from && due < measured_until;
}

// Sends what is due by now, each message on the next connection in turn, but nothing that became due after the measured
// time. Returns when the next one is due.
static uint64_t keep_schedule(struct schedule *schedule, struct connection *connections, struct worker *worker) {
  for (int sends = 0;; sends++) {
    uint64_t due = due_at(schedule, schedule->index), time = now();
    if (due > time || due >= measured_until || sends == SENDS_IN_A_TURN) return due;
    struct connection *connection = &connections[schedule->index++ % worker->connections];
    push(connection, (struct times){.due = due, .sent = time});
    connection->due += options.size;
    if (!connection->blocked) send_due(connection);
    if (!is_measured(due)) continue;
    if (time - due > LATE) worker->result.late++;
    if (time - due > worker->result.worst_lag) worker->result.worst_lag = time - due;
  }
}

static void receive(struct connection *connection, struct worker *worker, char *buffer) {
  struct result *result = &worker->result;
  for (;;) {
    ssize_t count = receive_some(connection->fd, connection->number, buffer, CHUNK);
    if (count == 0) return;
    if (count < 0) fail("connection %u: closed by the server", connection->number);
    check_bytes(buffer, count, connection->number, connection->received);
    connection->received += count;
    uint64_t answered = connection->received / options.size, time = now();
    if (answered > connection->next) fail("connection %u: more bytes came back than were sent", connection->number);
    atomic_store_explicit(&result->progress, result->progress + count, memory_order_relaxed);
    for (; connection->first < answered; connection->first++) {
      struct times times = connection->waiting[connection->first % connection->capacity];
      if (!is_measured(times.due)) continue;
      result->messages++;
      histogram_record(&result->latency, time - times.due);
      histogram_record(&result->service, time - times.sent);
    }
    if (count < CHUNK) return;
  }
}

static void handle(const struct epoll_event *event, struct worker *worker, char *buffer) {
  struct connection *connection = event->data.ptr;
  if (!connection->reads) {
    if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) fail("connection %u, which never reads, was closed", connection->number);
    flood(connection);
    return;
  }
  if ((event->events & EPOLLOUT) && connection->blocked) send_due(connection);
  if (event->events & ~EPOLLOUT) receive(connection, worker, buffer);
}

static struct connection *open_connection(struct connection *connection, unsigned number, bool reads, int epoll) {
  connection->number = number;
  connection->reads = reads;
  connection->fd = connect_blocking(number);
  watch(epoll, connection->fd, (reads ? EPOLLIN : 0) | EPOLLOUT | EPOLLRDHUP | EPOLLET, connection);
  return connection;
}

static uint64_t unanswered(const struct connection *connections, unsigned count) {
  uint64_t total = 0;
  for (unsigned i = 0; i < count; i++) total += connections[i].next - connections[i].first;
  return total;
}

// Handles what happens until `until`, or earlier. Returns whether anything did.
static bool wait_until(int epoll, uint64_t until, struct worker *worker, char *buffer, struct epoll_event *events) {
  uint64_t time = now(), wait = until > time ? until - time : 0;
  struct timespec timeout = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
  // Few events at a time: the schedule has to be kept between them.
  int count = epoll_pwait2(epoll, events, 16, &timeout, NULL);
  for (int i = 0; i < count; i++) handle(&events[i], worker, buffer);
  return count > 0;
}

static void body(struct worker *worker) {
  struct connection *connections = calloc(worker->connections, sizeof *connections);
  struct epoll_event *events = malloc(EVENTS * sizeof *events);
  char *buffer = malloc(CHUNK);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (unsigned i = 0; i < worker->connections; i++) {
    open_connection(&connections[i], worker->first + i, true, epoll);
    atomic_fetch_add_explicit(&worker->result.progress, 1, memory_order_relaxed);
  }
  if (worker->index == 0) {
    struct connection *floods = calloc(options.never_read, sizeof *floods);
    for (unsigned i = 0; i < options.never_read; i++) flood(open_connection(&floods[i], options.connections + i, false, epoll));
  }
  all_connected();
  // The threads' schedules interleave.
  double interval = SECOND / options.rate;
  struct schedule schedule = {.start = now() + worker->index * interval, .interval = interval * options.threads};
  while (atomic_load_explicit(&phase, memory_order_relaxed) != finished) {
    uint64_t due = keep_schedule(&schedule, connections, worker);
    wait_until(epoll, due, worker, buffer, events);
  }
  // A client that comes late still sends what was due, or it would leave out just what shows that it was late.
  uint64_t deadline = now() + DRAIN;
  while ((due_at(&schedule, schedule.index) < measured_until || unanswered(connections, worker->connections) > 0) && now() < deadline) {
    uint64_t due = keep_schedule(&schedule, connections, worker);
    wait_until(epoll, due < measured_until ? due : deadline, worker, buffer, events);
  }
  uint64_t unsent = 0;
  while (due_at(&schedule, schedule.index + unsent) < measured_until) unsent++;
  worker->result.unanswered = unanswered(connections, worker->connections) + unsent;
  worker->result.bytes = worker->result.messages * options.size;
  part_done();
}

void run_rate(void) {
  run_workers(body, true);
}
