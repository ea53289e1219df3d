#pragma once
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "catch.h"
#include "k8scale/kube/reflector.h"
#include "scripted_server.h"

namespace k8scale::kube::test {

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Writes down what it is told, one word for each call, and lets a test wait for it.
class Recording final : public ReflectorSink {
 public:
  void list_begun() override { add("begin"); }
  void listed(const ObjectView& object, base::SteadyTime) override { add("listed:" + text(object)); }
  void list_ended(std::string_view version) override { add("end@" + std::string(version)); }
  void changed(EventType type, const ObjectView& object, base::SteadyTime) override {
    constexpr const char* names[] = {"added:", "modified:", "deleted:"};
    add(names[static_cast<int>(type)] + text(object));
  }
  void bookmark(std::string_view version) override { add("bookmark@" + std::string(version)); }

  [[nodiscard]] std::vector<std::string> words() const {
    const std::lock_guard lock(mutex_);
    return words_;
  }
  /// Waits until `word` was told `times` times.
  void wait_for(const std::string& word, std::ptrdiff_t times = 1) {
    std::unique_lock lock(mutex_);
    const bool came = told_.wait_for(lock, std::chrono::seconds(20),
                                     [&] { return std::count(words_.begin(), words_.end(), word) >= times; });
    INFO("waited for " << word);
    CAPTURE(words_);
    REQUIRE(came);
  }

 private:
  static std::string text(const ObjectView& object) {
    std::string text(object.name);
    text.append("@").append(object.resource_version);
    for (const std::string_view annotation : object.annotations) text.append("/").append(annotation);
    return text;
  }
  void add(std::string word) {
    const std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
    told_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable told_;
  std::vector<std::string> words_;
};

/// Options with pauses that a test can wait for.
inline ReflectorOptions quick_options() {
  ReflectorOptions options;
  options.stream_lists = false;
  options.times.first_pause = std::chrono::milliseconds(1);
  options.times.longest_pause = std::chrono::milliseconds(8);
  options.times.short_watch = std::chrono::milliseconds(0);
  options.times.list_progress = std::chrono::milliseconds(200);
  return options;
}

/// A reflector of ConfigMaps that runs against a scripted server.
class Running {
 public:
  explicit Running(std::vector<Reply> replies, ReflectorOptions options = quick_options())
      : server(std::move(replies)), shard_("reflector") {
    configuration_.server = {"127.0.0.1", server.port(), false};
    client_.emplace(shard_, configuration_, Credentials::load(configuration_), ClientOptions());
    reflector_.emplace(shard_, *client_, Collection(config_maps(), "ns"), std::move(options), told,
                       base::Random(1, "test"));
    shard_.spawn(run());
  }
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Returns when `run` has.
  void stop() {
    if (stopped_) return;
    stopped_ = true;
    std::promise<void> told_to_stop;  // the shard may get to it after `run` has ended by itself
    shard_.post([&] {
      reflector_->stop();
      told_to_stop.set_value();
    });
    told_to_stop.get_future().get();
    wait_for_end();
  }
  /// Returns when `run` has by itself.
  void wait_for_end() {
    const auto returned = ended_.wait_for(std::chrono::seconds(20));
    REQUIRE(returned == std::future_status::ready);
  }
  /// Stops first: counters belong to the shard.
  [[nodiscard]] const ReflectorCounters& counters() {
    stop();
    return reflector_->counters();
  }

  [[nodiscard]] const std::optional<ReflectorFailure>& failure() {
    stop();
    return reflector_->failure();
  }

  /// How often that error was counted so far.
  [[nodiscard]] std::uint64_t errors(const std::string& reason) {
    std::promise<std::uint64_t> count;
    shard_.post([&] {
      const auto& errors = reflector_->counters().errors;
      const auto found = errors.find(reason);
      count.set_value(found == errors.end() ? 0 : found->second);
    });
    return count.get_future().get();
  }

  ScriptedServer server;
  Recording told;

 private:
  net::Task<void> run() {
    co_await reflector_->run();
    end_.set_value();
  }

  Configuration configuration_;
  net::Shard shard_;
  std::optional<Client> client_;
  std::optional<Reflector> reflector_;
  std::promise<void> end_;
  std::future<void> ended_ = end_.get_future();
  bool stopped_ = false;
  net::StopFirst stop_first_{shard_};
};

inline std::string object(const std::string& name, int version, const std::string& more = "") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"ns","uid":"u-)" + name +
         R"(","resourceVersion":")" + std::to_string(version) + R"("})" + more + "}";
}
inline std::string list(const std::string& items, int version, const std::string& token = "") {
  return R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":")" +
         std::to_string(version) + R"(","continue":")" + token + R"("},"items":[)" + items + "]}\n";
}
inline std::string event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
inline std::string bookmark(int version, const std::string& annotations = "") {
  return event("BOOKMARK", R"({"kind":"ConfigMap","metadata":{"resourceVersion":")" +
                               std::to_string(version) + R"(","creationTimestamp":null)" + annotations +
                               "}}");
}
inline std::string status(int code, const std::string& reason, const std::string& message,
                          const std::string& details = "{}") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":")" + message +
         R"(","reason":")" + reason + R"(","details":)" + details + R"(,"code":)" + std::to_string(code) +
         "}";
}

}  // namespace k8scale::kube::test
