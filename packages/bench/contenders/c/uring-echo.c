// Echo with io_uring: one multishot accept, one multishot receive for each connection into a ring of buffers that all
// share, and one io_uring_enter a turn for everything that is to be sent. A buffer returns to the ring when it is sent.
#include <liburing.h>
#include <stdbool.h>
#include "listener.h"

#define ENTRIES 4096
#define COMPLETIONS 32768
#define BUFFER_SIZE (64 * 1024)
#define BUFFERS 1024
// Few buffers stay in the CPU's caches: the ring starts with these, and doubles when it was empty although it had not
// two for each connection.
#define FIRST_BUFFERS 64
#define GROUP 0
// A connection that holds so many buffers is no longer received from; what is under way by then still comes.
#define MOST_HELD 8
#define SENT_AT_ONCE 8

enum operation { op_accept, op_receive, op_send, op_cancel };

struct connection {
  int fd;
  bool receiving, cancelling, sending, ended, failed, starved;
  // Buffers with bytes to send: a list through `held`.
  unsigned short first, last;
  unsigned count, sent_of_first;
  struct msghdr message;
  struct iovec vectors[SENT_AT_ONCE];
  struct connection *next_starved;
};

// Of a buffer that a connection holds: the bytes in it, and the buffer after it.
static struct {
  unsigned length;
  unsigned short next;
} held[BUFFERS];

static struct io_uring ring;
static struct io_uring_buf_ring *buffer_ring;
static char *buffers;
static unsigned published, returned, open_connections;
static struct connection *starved;

static struct io_uring_sqe *next_entry(void *data, enum operation operation) {
  struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
  if (!entry) {
    io_uring_submit(&ring);
    entry = io_uring_get_sqe(&ring);
    if (!entry) fail("io_uring_get_sqe");
  }
  io_uring_sqe_set_data64(entry, (uint64_t)(uintptr_t)data | operation);
  return entry;
}

// Preparing an entry clears what was set before.
static void label(struct io_uring_sqe *entry, void *data, enum operation operation) {
  io_uring_sqe_set_data64(entry, (uint64_t)(uintptr_t)data | operation);
}

static void arm_accept(int listener) {
  struct io_uring_sqe *entry = next_entry(NULL, op_accept);
  io_uring_prep_multishot_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC);
  label(entry, NULL, op_accept);
}

static void arm_receive(struct connection *connection) {
  struct io_uring_sqe *entry = next_entry(connection, op_receive);
  io_uring_prep_recv_multishot(entry, connection->fd, NULL, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = GROUP;
  label(entry, connection, op_receive);
  connection->receiving = true;
}

static void cancel_receive(struct connection *connection) {
  struct io_uring_sqe *entry = next_entry(connection, op_cancel);
  io_uring_prep_cancel64(entry, (uint64_t)(uintptr_t)connection | op_receive, 0);
  label(entry, connection, op_cancel);
  connection->cancelling = true;
}

static void send_held(struct connection *connection) {
  unsigned count = connection->count < SENT_AT_ONCE ? connection->count : SENT_AT_ONCE;
  struct io_uring_sqe *entry = next_entry(connection, op_send);
  unsigned short id = connection->first;
  for (unsigned i = 0; i < count; i++, id = held[id].next) {
    unsigned skipped = i == 0 ? connection->sent_of_first : 0;
    connection->vectors[i].iov_base = buffers + (size_t)id * BUFFER_SIZE + skipped;
    connection->vectors[i].iov_len = held[id].length - skipped;
  }
  if (count == 1) {
    io_uring_prep_send(entry, connection->fd, connection->vectors[0].iov_base, connection->vectors[0].iov_len,
                       MSG_NOSIGNAL | MSG_WAITALL);
  } else {
    connection->message = (struct msghdr){.msg_iov = connection->vectors, .msg_iovlen = count};
    io_uring_prep_sendmsg(entry, connection->fd, &connection->message, MSG_NOSIGNAL | MSG_WAITALL);
  }
  label(entry, connection, op_send);
  connection->sending = true;
}

static void return_buffer(unsigned short id) {
  io_uring_buf_ring_add(buffer_ring, buffers + (size_t)id * BUFFER_SIZE, BUFFER_SIZE, id, io_uring_buf_ring_mask(BUFFERS),
                        returned++);
}

static void publish_until(unsigned count) {
  // Paid for now, not by the first message that comes into each buffer.
  memset(buffers + (size_t)published * BUFFER_SIZE, 1, (size_t)(count - published) * BUFFER_SIZE);
  while (published < count) return_buffer(published++);
}

static void drop_first(struct connection *connection) {
  unsigned short id = connection->first;
  connection->first = held[id].next;
  connection->count--;
  return_buffer(id);
  connection->sent_of_first = 0;
}

// What may be done next for a connection after anything has happened to it.
static void go_on(struct connection *connection) {
  bool over = connection->failed || (connection->ended && connection->count == 0);
  if (over) {
    if (connection->receiving && !connection->cancelling) cancel_receive(connection);
    if (connection->receiving || connection->cancelling || connection->sending || connection->starved) return;
    while (connection->count > 0) drop_first(connection);
    close(connection->fd);
    free(connection);
    open_connections--;
    return;
  }
  if (connection->count > 0 && !connection->sending) send_held(connection);
  if (connection->receiving && !connection->cancelling && connection->count >= MOST_HELD) cancel_receive(connection);
  if (!connection->receiving && !connection->cancelling && !connection->ended && !connection->starved &&
      connection->count < MOST_HELD / 2) {
    arm_receive(connection);
  }
}

static void received(struct connection *connection, const struct io_uring_cqe *completion) {
  if (!(completion->flags & IORING_CQE_F_MORE)) connection->receiving = false;
  if (completion->res > 0) {
    unsigned short id = completion->flags >> IORING_CQE_BUFFER_SHIFT;
    held[id].length = completion->res;
    if (connection->count++ == 0) connection->first = id;
    else held[connection->last].next = id;
    connection->last = id;
  } else if (completion->res == 0) {
    connection->ended = true;
  } else if (completion->res == -ENOBUFS) {
    connection->starved = true;
    connection->next_starved = starved;
    starved = connection;
  } else if (completion->res != -ECANCELED) {
    connection->failed = true;
  }
  go_on(connection);
}

static void sent(struct connection *connection, int result) {
  connection->sending = false;
  if (result < 0) connection->failed = true;
  for (unsigned left = result < 0 ? 0 : result; left > 0;) {
    unsigned of_first = held[connection->first].length - connection->sent_of_first;
    if (left < of_first) {
      connection->sent_of_first += left;
      break;
    }
    left -= of_first;
    drop_first(connection);
  }
  go_on(connection);
}

static void accepted(int listener, const struct io_uring_cqe *completion) {
  if (completion->res >= 0) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) fail("calloc");
    connection->fd = completion->res;
    open_connections++;
    arm_receive(connection);
  }
  if (!(completion->flags & IORING_CQE_F_MORE)) arm_accept(listener);
}

static void handle(int listener, const struct io_uring_cqe *completion) {
  enum operation operation = completion->user_data & 7;
  struct connection *connection = (struct connection *)(uintptr_t)(completion->user_data & ~7ull);
  switch (operation) {
    case op_accept: accepted(listener, completion); break;
    case op_receive: received(connection, completion); break;
    case op_send: sent(connection, completion->res); break;
    case op_cancel:
      connection->cancelling = false;
      go_on(connection);
  }
}

static void hand_over_returned(void) {
  io_uring_buf_ring_advance(buffer_ring, returned);
  returned = 0;
}

static void feed_starved(void) {
  struct connection *list = starved;
  starved = NULL;
  while (list) {
    struct connection *connection = list;
    list = connection->next_starved;
    connection->starved = false;
    go_on(connection);
  }
}

static void open_ring(void) {
  struct io_uring_params parameters = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
      .cq_entries = COMPLETIONS};
  int result = io_uring_queue_init_params(ENTRIES, &ring, &parameters);
  if (result == -EINVAL) {
    parameters = (struct io_uring_params){.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, .cq_entries = COMPLETIONS};
    result = io_uring_queue_init_params(ENTRIES, &ring, &parameters);
  }
  if (result < 0) {
    errno = -result;
    fail("io_uring_setup");
  }
  io_uring_register_ring_fd(&ring);
  // The ring of buffers takes 16 bytes for each, and has to start on a page.
  buffers = map_buffers((size_t)BUFFERS * BUFFER_SIZE + BUFFERS * sizeof(struct io_uring_buf));
  buffer_ring = (struct io_uring_buf_ring *)(buffers + (size_t)BUFFERS * BUFFER_SIZE);
  struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)buffer_ring, .ring_entries = BUFFERS, .bgid = GROUP};
  result = io_uring_register_buf_ring(&ring, &registration, 0);
  if (result < 0) {
    errno = -result;
    fail("io_uring_register_buf_ring");
  }
  io_uring_buf_ring_init(buffer_ring);
  publish_until(FIRST_BUFFERS);
  hand_over_returned();
}

int main(int argc, char **argv) {
  int listener = open_listener(argc, argv);
  open_ring();
  arm_accept(listener);
  for (;;) {
    int result = io_uring_submit_and_wait(&ring, 1);
    if (result < 0 && result != -EINTR) {
      errno = -result;
      fail("io_uring_enter");
    }
    struct io_uring_cqe *completion;
    unsigned head, count = 0;
    io_uring_for_each_cqe(&ring, head, completion) {
      handle(listener, completion);
      count++;
    }
    io_uring_cq_advance(&ring, count);
    if (starved && published < BUFFERS && published < open_connections * 2) publish_until(published * 2);
    if (returned > 0) {
      hand_over_returned();
      if (starved) feed_starved();
    }
  }
}
