// Echo with epoll: read into one shared buffer of 256 KiB, write from it. Only what the socket refuses is kept, in a
// buffer of the connection's own, and the connection is not read until that has gone.
#include "epoll-loop.h"

#define BUFFER_SIZE (256 * 1024)
#define READS_IN_A_TURN 16

struct connection {
  struct loop_entry entry;
  char *kept;
  size_t kept_start, kept_end;
};

static char *shared;
static char *spare_buffers;

static struct connection *connection_opened(int fd) {
  (void)fd;
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection) fail("calloc");
  return connection;
}

// Buffers that are not in use form a list through their first bytes.
static char *take_buffer(void) {
  char *buffer = spare_buffers;
  if (!buffer) {
    buffer = malloc(BUFFER_SIZE);
    if (!buffer) fail("malloc");
    return buffer;
  }
  memcpy(&spare_buffers, buffer, sizeof spare_buffers);
  return buffer;
}

static void give_buffer_back(char *buffer) {
  memcpy(buffer, &spare_buffers, sizeof spare_buffers);
  spare_buffers = buffer;
}

static void connection_closed(struct connection *connection) {
  if (connection->kept) give_buffer_back(connection->kept);
  free(connection);
}

// Writes until all is gone or the socket is full. Returns the bytes written, or -1.
static ssize_t write_some(int fd, const char *bytes, size_t length) {
  size_t written = 0;
  while (written < length) {
    ssize_t count = write(fd, bytes + written, length - written);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? (ssize_t)written : -1;
    }
    written += count;
  }
  return written;
}

static enum outcome flush_kept(struct connection *connection) {
  size_t length = connection->kept_end - connection->kept_start;
  ssize_t written = write_some(connection->entry.fd, connection->kept + connection->kept_start, length);
  if (written < 0) return ended;
  connection->kept_start += written;
  if ((size_t)written < length) return waits;
  give_buffer_back(connection->kept);
  connection->kept = NULL;
  return has_more;
}

static enum outcome connection_turn(struct connection *connection) {
  int fd = connection->entry.fd;
  if (connection->kept) {
    enum outcome flushed = flush_kept(connection);
    if (flushed != has_more) return flushed;
  }
  for (int reads = 0; reads < READS_IN_A_TURN; reads++) {
    ssize_t count = read(fd, shared, BUFFER_SIZE);
    if (count == 0) return ended;
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? waits : ended;
    }
    ssize_t written = write_some(fd, shared, count);
    if (written < 0) return ended;
    if (written < count) {
      connection->kept = take_buffer();
      connection->kept_start = 0;
      connection->kept_end = count - written;
      memcpy(connection->kept, shared + written, count - written);
      return waits;
    }
    // A short read has emptied the socket (epoll(7)); the next byte is a new edge, an end that is known is not.
    if (count < BUFFER_SIZE && !connection->entry.hung_up) return waits;
  }
  return has_more;
}

int main(int argc, char **argv) {
  int listener = open_listener(argc, argv);
  shared = map_buffers(BUFFER_SIZE);
  run_loop(listener);
}
