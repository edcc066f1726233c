// Echo with splice(2): bytes move from the socket into a kernel pipe and out again, and never enter this process. One
// pipe serves everybody; a connection whose socket refuses bytes keeps the pipe that holds them until they have gone.
#include "epoll-loop.h"
#include <fcntl.h>

#define PIPE_SIZE (1 << 20)
#define MOVES_IN_A_TURN 8
#define SPARE_PIPES 256

struct kernel_pipe {
  int in, out;
  size_t capacity;
};

struct connection {
  struct loop_entry entry;
  struct kernel_pipe kept;
  size_t kept_bytes;
};

static struct kernel_pipe shared;
static struct kernel_pipe spare[SPARE_PIPES];
static int spares;

static struct kernel_pipe take_pipe(void) {
  if (spares > 0) return spare[--spares];
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) fail("pipe2");
  // An unprivileged user may have used up his allowance of large pipes; a small one works as well.
  int capacity = fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
  if (capacity < 0) capacity = fcntl(ends[1], F_GETPIPE_SZ);
  return (struct kernel_pipe){.in = ends[1], .out = ends[0], .capacity = capacity};
}

static void close_pipe(struct kernel_pipe pipe) {
  close(pipe.in);
  close(pipe.out);
}

static struct connection *connection_opened(int fd) {
  (void)fd;
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection) fail("calloc");
  return connection;
}

// A pipe with bytes of a connection that is gone cannot serve another.
static void connection_closed(struct connection *connection) {
  if (connection->kept_bytes > 0) close_pipe(connection->kept);
  free(connection);
}

// Returns what remains in the pipe, or -1.
static ssize_t empty_pipe(struct kernel_pipe pipe, int fd, size_t bytes) {
  while (bytes > 0) {
    ssize_t count = splice(pipe.out, NULL, fd, NULL, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? (ssize_t)bytes : -1;
    }
    bytes -= count;
  }
  return 0;
}

static enum outcome connection_turn(struct connection *connection) {
  int fd = connection->entry.fd;
  if (connection->kept_bytes > 0) {
    ssize_t left = empty_pipe(connection->kept, fd, connection->kept_bytes);
    if (left < 0) return ended;
    connection->kept_bytes = left;
    if (left > 0) return waits;
    if (spares < SPARE_PIPES) spare[spares++] = connection->kept;
    else close_pipe(connection->kept);
  }
  for (int moves = 0; moves < MOVES_IN_A_TURN; moves++) {
    ssize_t count = splice(fd, NULL, shared.in, NULL, shared.capacity, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count == 0) return ended;
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? waits : ended;
    }
    ssize_t left = empty_pipe(shared, fd, count);
    if (left != 0) {
      connection->kept = shared;
      connection->kept_bytes = left > 0 ? left : count;
      shared = take_pipe();
      return left < 0 ? ended : waits;
    }
    // Fewer bytes than the pipe has pages: the pipe was not full, so the socket is empty. An end that is known is not.
    if ((size_t)count < shared.capacity / 4096 && !connection->entry.hung_up) return waits;
  }
  return has_more;
}

int main(int argc, char **argv) {
  int listener = open_listener(argc, argv);
  shared = take_pipe();
  run_loop(listener);
}
