// A load client for echo servers, in C on epoll. `load --help` says how; one JSON document for each line goes to
// stdout: {"event":"begin"} when the measured time starts, {"event":"end",…} with the figures when it is over. The
// connections stay open until stdin is closed, so that the server can be looked at.
#include "load.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct options options = {.connections = 1, .threads = 1, .pipeline = 1, .size = 64, .count = 10000, .parallel = 64,
                          .bytes = 1 << 30, .warmup = SECOND / 2, .duration = SECOND, .rate = 1000};

static const char usage[] =
    "usage: load MODE --port N [options]\n"
    "  requests   closed loop: --pipeline messages of --size bytes in flight on each of --connections\n"
    "  rate       open loop: --rate messages a second over all connections, whether or not answers come\n"
    "  stream     --bytes over all connections, as fast as they come back\n"
    "  connects   --count times connect, one message, close; --parallel at a time\n"
    "  hold       --connections that say nothing after one message each\n"
    "options: --host IPv4 --threads N --size BYTES --warmup SECONDS --duration SECONDS --verify\n"
    "  --never-read N: so many further connections send all they can and read nothing\n";

static _Noreturn void refuse(const char *what, const char *value) {
  fprintf(stderr, "load: %s %s\n%s", what, value, usage);
  exit(2);
}

static double number(const char *name, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (*text == '\0' || *end != '\0' || !(value >= 0)) refuse(name, text);
  return value;
}

static void read_options(int argc, char **argv) {
  static const struct option known[] = {
      {"host", 1, 0, 'h'},     {"port", 1, 0, 'p'},       {"connections", 1, 0, 'c'}, {"threads", 1, 0, 't'},
      {"size", 1, 0, 's'},     {"pipeline", 1, 0, 'l'},   {"bytes", 1, 0, 'b'},       {"count", 1, 0, 'n'},
      {"parallel", 1, 0, 'a'}, {"warmup", 1, 0, 'w'},     {"duration", 1, 0, 'd'},    {"rate", 1, 0, 'r'},
      {"verify", 0, 0, 'v'},   {"never-read", 1, 0, 'x'}, {0, 0, 0, 0}};
  options.target = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int letter, index;
  while ((letter = getopt_long(argc, argv, "", known, &index)) != -1) {
    double value = letter == '?' || letter == 'h' || letter == 'v' ? 0 : number(known[index].name, optarg);
    switch (letter) {
      case 'h': if (inet_pton(AF_INET, optarg, &options.target.sin_addr) != 1) refuse("host", optarg); break;
      case 'p': options.target.sin_port = htons(value); break;
      case 'c': options.connections = value; break;
      case 't': options.threads = value; break;
      case 's': options.size = value; break;
      case 'l': options.pipeline = value; break;
      case 'b': options.bytes = value; break;
      case 'n': options.count = value; break;
      case 'a': options.parallel = value; break;
      case 'w': options.warmup = value * SECOND; break;
      case 'd': options.duration = value * SECOND; break;
      case 'r': options.rate = value; break;
      case 'x': options.never_read = value; break;
      case 'v': options.verify = true; break;
      default: refuse("not understood:", argv[optind - 1]);
    }
  }
  if (options.target.sin_port == 0) refuse("needs", "--port");
  if (options.size < 1 || options.size > CHUNK || options.pipeline < 1) refuse("out of range:", "--size, --pipeline");
  if (options.size * options.pipeline > CHUNK) refuse("out of range:", "--size times --pipeline, at most 262144");
  if (options.threads < 1 || options.parallel < 1 || options.rate <= 0) refuse("must not be 0:", "--threads, --parallel, --rate");
  if (options.bytes < options.connections) refuse("out of range:", "--bytes, at least one for each connection");
  if (options.connections < options.threads) options.threads = options.connections ? options.connections : 1;
}

static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
  static const struct { const char *name; void (*run)(void); } modes[] = {
      {"requests", run_requests}, {"rate", run_rate}, {"stream", run_stream}, {"connects", run_connects}, {"hold", run_hold}};
  read_options(argc, argv);
  if (optind + 1 != argc) refuse("expected one mode", "");
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  // Wake up when asked to, not up to 50 µs later (prctl(2)).
  prctl(PR_SET_TIMERSLACK, 1);
  make_pattern();
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(modes[i].name, argv[optind]) != 0) continue;
    modes[i].run();
    return 0;
  }
  refuse("unknown mode", argv[optind]);
}
