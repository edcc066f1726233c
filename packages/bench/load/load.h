// What all modes of the load client share. One mode is one file; main.c chooses it.
#pragma once
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "histogram.h"

#define CHUNK (256 * 1024)
#define SECOND 1000000000ull
#define EVENTS 1024

// What the command line asks for. Times are in nanoseconds.
struct options {
  struct sockaddr_in target;
  unsigned connections, threads, pipeline, never_read, parallel;
  size_t size;
  uint64_t bytes, count;
  uint64_t warmup, duration;
  double rate;
  bool verify;
};
extern struct options options;

// The threads work while the main thread keeps the time: it moves the phase on and reports when it did.
enum phase { connecting, warming, measuring, finished };
extern _Atomic int phase;
// When measuring started and ended; the end of time while that is not known.
extern _Atomic uint64_t measured_from, measured_until;

// What one thread counted while the phase was `measuring`.
struct result {
  _Atomic uint64_t progress;  // grows with everything that comes back, in every phase
  uint64_t messages, bytes, unanswered, closed, late, worst_lag;
  struct histogram latency;   // from when a message was due
  struct histogram service;   // from when it was sent
};

static inline uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * SECOND + time.tv_nsec;
}

// Ends the process with exit code 4 and one JSON line that says why.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The same with what errno says.
_Noreturn void fail_errno(const char *what, unsigned connection);

// The bytes of a connection are a window that moves over a pattern of prime length, so that none need be generated.
#define PATTERN_LENGTH 131071
extern char *pattern;
void make_pattern(void);
static inline const char *bytes_at(unsigned connection, uint64_t offset) {
  return pattern + (offset + connection * 4099ull) % PATTERN_LENGTH;
}
void check_bytes(const char *received, size_t length, unsigned connection, uint64_t offset);

// Sockets.
int start_connecting(unsigned connection);
void finish_connecting(int fd, unsigned connection);
int connect_blocking(unsigned connection);
ssize_t send_some(int fd, unsigned connection, uint64_t offset, size_t length);
ssize_t receive_some(int fd, unsigned connection, char *buffer, size_t length);
void watch(int epoll, int fd, uint32_t events, void *data);

// Reports: one JSON document for each line.
void report_begin(void);
void stop_clock(void);  // what follows is no longer measured
void report_end(const struct result *total);
// Waits until the program that started this one closes its end of stdin, at most 100 ms. Returns whether it has.
bool may_leave(void);

// Runs `body` in each thread, one after the other connecting, and keeps the time.
struct worker {
  unsigned index, first, connections;
  struct result result;
};
void run_workers(void (*body)(struct worker *), bool timed);
// Tells the main thread that all connections of this worker stand, and waits for those of the others.
void all_connected(void);
// Tells that this worker's part of a run without a time limit is done.
void part_done(void);

void run_requests(void);
void run_rate(void);
void run_stream(void);
void run_connects(void);
void run_hold(void);
