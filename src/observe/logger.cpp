#include "k8scale/observe/logger.h"

#include <utility>

namespace k8scale::observe {

Logger::Logger(net::Shard& shard, LoggerOptions options, measure::RowLog& rows, Clock clock)
    : shard_(shard),
      options_(options),
      rows_(rows),
      clock_(std::move(clock)),
      informer_(*this),
      ready_(shard) {}

void Logger::changed(Change change, std::string_view key) {
  queue_.add(key, change, clock_());
  ready_.raise();
}

net::Task<void> Logger::run() {
  net::TaskGroup workers(shard_);
  for (std::size_t i = 0; i < options_.workers; ++i) workers.spawn(work());
  co_await workers.wait_until_done();
}

void Logger::stop() {
  totals_.unlogged += queue_.resting();
  queue_.shut_down();
  ready_.raise();
}

net::Task<void> Logger::work() {
  while (true) {
    const Moment now = clock_();
    if (const auto item = queue_.take(now)) {
      process(*item, now);
      queue_.done(item->key);
      continue;
    }
    if (queue_.shutting_down()) co_return;
    ready_.lower();
    const base::SteadyTime next = queue_.next_due().value_or(base::SteadyTime::max());
    static_cast<void>(co_await ready_.wait_until(next));
  }
}

// When the disk is too slow the key comes back later, and with it what was queued for it.
void Logger::process(const WorkItem& item, Moment now) {
  StoredObject* const object = informer_.find(item.key);
  const Dequeue dequeue = examine(item, object, options_.compare, now);
  row_.clear();
  append_row(row_, dequeue, options_.columns);
  if (!rows_.try_append(row_)) {
    if (!queue_.shutting_down()) {
      queue_.requeue(item, dequeue.now);
      return;
    }
    rows_.append(row_);
  }
  queue_.forget(item.key);
  totals_.record(dequeue);
  if (object == nullptr) return;
  object->seen = object->exists;
  object->seen_hash = object->content_hash;
  informer_.forget(item.key);
}

LoggerSnapshot Logger::snapshot() const {
  LoggerSnapshot made;
  made.log = totals_;
  made.events = informer_.events();
  made.audit = informer_.audit();
  made.objects = informer_.objects();
  made.queued = queue_.ready() + queue_.resting();
  made.last_version = informer_.last_version();
  made.synced = informer_.synced();
  made.watching = informer_.watching();
  made.last_news = informer_.last_news();
  return made;
}

}  // namespace k8scale::observe
