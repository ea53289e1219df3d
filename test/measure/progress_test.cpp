#include "k8scale/measure/progress.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>

#include "catch.h"
#include "measure/sample.h"

namespace k8scale::measure {
namespace {

const Pace pace{1234, 5000, 198.72, 200};

Snapshot progress_snapshot() {
  Recorder recorder;
  recorder.started(Verb::create);
  recorder.record(sample_create());
  recorder.record(failed(sample_create(), Outcome::refused, "Conflict"));
  recorder.add_population(48);
  return recorder.snapshot();
}

// What was written to a descriptor so far.
std::string drain(int descriptor) {
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  std::string all(4096, '\0');
  const ssize_t count = ::read(descriptor, all.data(), all.size());
  all.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return all;
}

struct Pipe {
  Pipe() { REQUIRE(::pipe(ends) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  int ends[2] = {-1, -1};
};

struct Terminal {
  explicit Terminal(unsigned short columns) : master(::posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(master >= 0);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
    REQUIRE(slave >= 0);
    const winsize size{24, columns, 0, 0};
    REQUIRE(::ioctl(slave, TIOCSWINSZ, &size) == 0);
  }
  ~Terminal() {
    ::close(slave);
    ::close(master);
  }
  int master;
  int slave = -1;
};

TEST_CASE("the three styles are read and nothing else") {
  CHECK(parse_progress_style("auto") == ProgressStyle::automatic);
  CHECK(parse_progress_style("plain") == ProgressStyle::plain);
  CHECK(parse_progress_style("none") == ProgressStyle::none);
  CHECK_FALSE(parse_progress_style("always"));
}

TEST_CASE("the line says elapsed, done, rates, population, errors and response times") {
  CHECK(progress_text(12340ms, pace, progress_snapshot()) ==
        "12.3s  1234/5000 done  198.7/s of 200.0/s asked  population 48  errors 1  "
        "response time p50 2.10ms p99 2.10ms");
  CHECK(progress_text(0ms, {}, {}) == "0.0s  0/0 done  0.0/s of 0.0/s asked  population 0  errors 0");
}

TEST_CASE("where there is no terminal a plain line comes every 10 s") {
  const Pipe pipe;
  Progress progress(ProgressStyle::automatic, pipe.ends[1]);
  REQUIRE(progress.next() == base::Nanoseconds(10s));
  progress.show(9999ms, pace, progress_snapshot());
  CHECK(drain(pipe.ends[0]).empty());
  progress.show(10s, pace, progress_snapshot());
  CHECK(drain(pipe.ends[0]) == progress_text(10s, pace, progress_snapshot()) + "\n");
  CHECK(progress.next() == base::Nanoseconds(20s));
  progress.show(37s, pace, progress_snapshot());
  CHECK(progress.next() == base::Nanoseconds(40s));
  drain(pipe.ends[0]);
  progress.finish();
  CHECK(drain(pipe.ends[0]).empty());
  CHECK_FALSE(progress.next());
}

TEST_CASE("on a terminal one line is redrawn four times a second and cleared at the end") {
  const Terminal terminal(200);
  Progress progress(ProgressStyle::automatic, terminal.slave);
  REQUIRE(progress.next() == base::Nanoseconds(250ms));
  progress.show(260ms, pace, progress_snapshot());
  CHECK(progress.next() == base::Nanoseconds(500ms));
  CHECK(drain(terminal.master) == "\r\x1b[K" + progress_text(260ms, pace, progress_snapshot()));
  progress.finish();
  CHECK(drain(terminal.master) == "\r\x1b[K");
  progress.finish();
  CHECK(drain(terminal.master).empty());
}

TEST_CASE("a line of another text keeps the same times") {
  const Pipe pipe;
  Progress progress(ProgressStyle::plain, pipe.ends[1]);
  progress.show(9999ms, "early");
  progress.show(10s, "in time");
  CHECK(drain(pipe.ends[0]) == "in time\n");
  CHECK(progress.next() == base::Nanoseconds(20s));
}

TEST_CASE("the line never wraps on a narrow terminal") {
  const Terminal terminal(20);
  Progress progress(ProgressStyle::automatic, terminal.slave);
  progress.show(250ms, pace, progress_snapshot());
  CHECK(drain(terminal.master) == "\r\x1b[K0s 1234/5000 199 of");
}

TEST_CASE("80 columns have room for all figures") {
  const Terminal terminal(80);
  Progress progress(ProgressStyle::automatic, terminal.slave);
  Pace fast;
  fast.done = 1234567;
  fast.asked = 2000000;
  fast.achieved_rate = 9987.6;
  fast.asked_rate = 10000;
  progress.show(123s, fast, progress_snapshot());
  CHECK(drain(terminal.master) ==
        "\r\x1b[K123s 1234567/2000000 9988 of 10000/s pop 48 err 1 p50 2.10ms p99 2.10ms");
}

TEST_CASE("plain style stays plain on a terminal, none is silent") {
  const Terminal terminal(200);
  const Progress plain(ProgressStyle::plain, terminal.slave);
  CHECK(plain.next() == base::Nanoseconds(10s));
  Progress none(ProgressStyle::none, terminal.slave);
  CHECK_FALSE(none.next());
  none.show(100s, pace, progress_snapshot());
  none.finish();
  CHECK(drain(terminal.master).empty());
}

}  // namespace
}  // namespace k8scale::measure
