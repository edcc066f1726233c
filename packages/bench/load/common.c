// Sockets, the pattern, and reports.
#include "load.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

_Atomic int phase;
_Atomic uint64_t measured_from = UINT64_MAX, measured_until = UINT64_MAX;
char *pattern;

_Noreturn void fail(const char *format, ...) {
  // Threads may fail together; the first one reports for all.
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&once);
  va_list arguments;
  va_start(arguments, format);
  printf("{\"event\":\"error\",\"message\":\"");
  vprintf(format, arguments);
  printf("\"}\n");
  fflush(stdout);
  _exit(4);
}

_Noreturn void fail_errno(const char *what, unsigned connection) {
  fail("connection %u: %s: %s", connection, what, strerror(errno));
}

void make_pattern(void) {
  // A whole chunk can be sent from any position. Huge pages where there are any: the copies are cheaper.
  size_t length = PATTERN_LENGTH + CHUNK, huge = 2 << 20;
  char *mapped = mmap(NULL, 2 * huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) fail("mmap: %s", strerror(errno));
  pattern = (char *)(((uintptr_t)mapped + huge - 1) & ~(huge - 1));
  madvise(pattern, huge, MADV_HUGEPAGE);
  uint64_t state = 88172645463325252ull;
  for (size_t i = 0; i < PATTERN_LENGTH; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    pattern[i] = state >> 32;
  }
  for (size_t i = PATTERN_LENGTH; i < length; i++) pattern[i] = pattern[i - PATTERN_LENGTH];
}

void check_bytes(const char *received, size_t length, unsigned connection, uint64_t offset) {
  const char *expected = bytes_at(connection, offset);
  if (memcmp(received, expected, length) == 0) return;
  size_t i = 0;
  while (received[i] == expected[i]) i++;
  fail("connection %u: wrong byte at offset %llu", connection, (unsigned long long)(offset + i));
}

static int open_socket(unsigned connection, int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) fail_errno("socket", connection);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

// Loopback has 28,000 ports for each source address, and ended connections keep theirs for a minute: use many addresses.
static void choose_source(int fd, unsigned connection) {
  if (ntohl(options.target.sin_addr.s_addr) >> 24 != 127) return;
  int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001 + connection % 16)};
  if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0) fail_errno("bind", connection);
}

int start_connecting(unsigned connection) {
  int fd = open_socket(connection, SOCK_NONBLOCK);
  choose_source(fd, connection);
  if (connect(fd, (struct sockaddr *)&options.target, sizeof options.target) < 0 && errno != EINPROGRESS) {
    fail_errno("connect", connection);
  }
  return fd;
}

void finish_connecting(int fd, unsigned connection) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    errno = error;
    fail_errno("connect", connection);
  }
}

// Connected when it returns, and non-blocking from then on.
int connect_blocking(unsigned connection) {
  int fd = start_connecting(connection);
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  if (poll(&ready, 1, 30000) == 0) fail("connection %u: not established within 30 s", connection);
  finish_connecting(fd, connection);
  return fd;
}

// How many bytes of the connection's stream the socket took; 0 when it is full.
ssize_t send_some(int fd, unsigned connection, uint64_t offset, size_t length) {
  for (;;) {
    ssize_t count = send(fd, bytes_at(connection, offset), length < CHUNK ? length : CHUNK, MSG_NOSIGNAL);
    if (count >= 0) return count;
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) fail_errno("send", connection);
  }
}

// How many bytes came back; 0 when there are none, -1 at the end. Without a buffer the kernel drops them (tcp(7)).
ssize_t receive_some(int fd, unsigned connection, char *buffer, size_t length) {
  for (;;) {
    ssize_t count = recv(fd, buffer, length, buffer ? 0 : MSG_TRUNC);
    if (count > 0) return count;
    if (count == 0) return -1;
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) fail_errno("recv", connection);
  }
}

void watch(int epoll, int fd, uint32_t events, void *data) {
  struct epoll_event event = {.events = events, .data.ptr = data};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl: %s", strerror(errno));
}

static uint64_t elapsed;
static double begun_cpu, used_cpu;

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void report_begin(void) {
  measured_from = now();
  begun_cpu = cpu_seconds();
  printf("{\"event\":\"begin\"}\n");
  fflush(stdout);
}

static void print_histogram(const char *name, const struct histogram *histogram) {
  if (histogram->count == 0) return;
  printf(",\"%s\":{\"count\":%llu,\"mean\":%.0f,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"p999\":%llu,\"max\":%llu}", name,
         (unsigned long long)histogram->count, (double)histogram->sum / histogram->count,
         (unsigned long long)histogram_quantile(histogram, 0.5), (unsigned long long)histogram_quantile(histogram, 0.9),
         (unsigned long long)histogram_quantile(histogram, 0.99), (unsigned long long)histogram_quantile(histogram, 0.999),
         (unsigned long long)histogram->max);
}

void stop_clock(void) {
  measured_until = now();
  elapsed = measured_until - measured_from;
  used_cpu = cpu_seconds() - begun_cpu;
}

void report_end(const struct result *total) {
  printf("{\"event\":\"end\",\"seconds\":%.9f,\"cpuSeconds\":%.6f,\"messages\":%llu,\"bytes\":%llu,\"unanswered\":%llu,"
         "\"closed\":%llu,\"late\":%llu,\"worstLag\":%llu",
         elapsed / 1e9, used_cpu, (unsigned long long)total->messages, (unsigned long long)total->bytes,
         (unsigned long long)total->unanswered, (unsigned long long)total->closed, (unsigned long long)total->late, (unsigned long long)total->worst_lag);
  print_histogram("latency", &total->latency);
  print_histogram("service", &total->service);
  printf("}\n");
  fflush(stdout);
}

bool may_leave(void) {
  char byte;
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&input, 1, 100) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}
