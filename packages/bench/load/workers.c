// Threads that make load, and the main thread that keeps the time and reports.
#include "load.h"
#include <pthread.h>
#include <stdlib.h>

#define NO_PROGRESS_SECONDS 10

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned connected, done;
static bool released;

static void (*work)(struct worker *);

static void *start(void *worker) {
  work(worker);
  return NULL;
}

void all_connected(void) {
  pthread_mutex_lock(&mutex);
  connected++;
  pthread_cond_broadcast(&changed);
  while (!released) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

void part_done(void) {
  pthread_mutex_lock(&mutex);
  done++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

static uint64_t total_progress(struct worker *workers) {
  uint64_t progress = 0;
  for (unsigned i = 0; i < options.threads; i++) progress += atomic_load_explicit(&workers[i].result.progress, memory_order_relaxed);
  return progress;
}

// Waits until all threads have counted, or until `until`. A load that stands still for long is a failure.
static void await(struct worker *workers, const unsigned *counter, uint64_t until) {
  uint64_t progress = total_progress(workers), progress_at = now();
  pthread_mutex_lock(&mutex);
  while ((!counter || *counter < options.threads) && now() < until) {
    uint64_t time = now(), wake = time + SECOND / 4 < until ? time + SECOND / 4 : until;
    uint64_t wait = wake - time;
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    wait += at.tv_nsec;
    at.tv_sec += wait / SECOND, at.tv_nsec = wait % SECOND;
    pthread_cond_timedwait(&changed, &mutex, &at);
    uint64_t latest = total_progress(workers);
    if (latest != progress) progress = latest, progress_at = now();
    if (now() - progress_at > NO_PROGRESS_SECONDS * SECOND) fail("nothing has come back for %d s", NO_PROGRESS_SECONDS);
  }
  pthread_mutex_unlock(&mutex);
}

static void move_on(enum phase next) {
  atomic_store_explicit(&phase, next, memory_order_relaxed);
}

static void release(void) {
  pthread_mutex_lock(&mutex);
  released = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
}

void run_workers(void (*body)(struct worker *), bool timed) {
  static struct result total;
  struct worker *workers = calloc(options.threads, sizeof *workers);
  pthread_t thread;
  work = body;
  for (unsigned i = 0, first = 0; i < options.threads; i++) {
    workers[i].index = i;
    workers[i].first = first;
    workers[i].connections = options.connections / options.threads + (i < options.connections % options.threads);
    first += workers[i].connections;
    if (pthread_create(&thread, NULL, start, &workers[i]) != 0) fail("pthread_create");
  }
  await(workers, &connected, UINT64_MAX);
  if (timed) {
    move_on(warming);
    release();
    await(workers, NULL, now() + options.warmup);
    move_on(measuring);
    report_begin();
    await(workers, NULL, now() + options.duration);
  } else {
    move_on(measuring);
    report_begin();
    release();
  }
  if (!timed) await(workers, &done, UINT64_MAX);
  stop_clock();
  move_on(finished);
  await(workers, &done, UINT64_MAX);
  for (unsigned i = 0; i < options.threads; i++) {
    const struct result *part = &workers[i].result;
    total.messages += part->messages;
    total.bytes += part->bytes;
    total.unanswered += part->unanswered;
    total.closed += part->closed;
    total.late += part->late;
    if (part->worst_lag > total.worst_lag) total.worst_lag = part->worst_lag;
    histogram_add(&total.latency, &part->latency);
    histogram_add(&total.service, &part->service);
  }
  report_end(&total);
  while (!may_leave()) continue;
}
