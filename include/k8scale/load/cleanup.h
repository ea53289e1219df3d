#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/kube/metadata_list.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {

/// Whether the drivers of that run name objects so: the run ID, "-", and from there on digits only. So run
/// "a" has nothing of run "a-b".
[[nodiscard]] bool is_name_of_run(std::string_view name, std::string_view run_id);

/// Whether the drivers of some run name objects so: a run ID, "-" and digits.
[[nodiscard]] bool is_name_of_any_run(std::string_view name);

/// An object that is still there, and why.
struct Leftover {
  std::string namespace_name;
  std::string name;
  std::string why;  ///< one line for people
};

/// How far a clean-up has come.
struct CleanupProgress {
  std::uint64_t listed = 0;   ///< by the list that runs or ran last
  bool listing = false;       ///< a list runs; else what was listed is being deleted
  std::uint64_t deleted = 0;  ///< of `listed`
  std::uint64_t errors = 0;   ///< deletes and lists that failed, so far
};

constexpr std::size_t most_first_removed = 10;

/// What a clean-up came to.
struct CleanupResult {
  std::uint64_t found = 0;  ///< different objects that were listed
  std::vector<Leftover> left;
  /// Empty: `left` is all that was there in the end. Else why it may be more, or less.
  std::string doubt;
  bool may_not_list = false;               ///< the server forbids it: that is the doubt
  std::vector<std::string> first_removed;  ///< names, `most_first_removed` of them at most

  [[nodiscard]] std::uint64_t removed() const { return found - left.size(); }
  /// Takes in what a clean-up of other objects came to.
  void merge(CleanupResult other);
};

/// Removes the objects that drivers left in a collection, of one namespace or of all: lists them page by
/// page, deletes what was listed with a bounded number of requests in flight, and does so again until a list
/// shows nothing that can be removed. Belongs to the shard; what is passed by reference must outlive it.
class Cleanup {
 public:
  /// What its objects are called: as the drivers do, or anything.
  enum class Named { by_number, anything };
  struct Options {
    std::string run_id;  ///< empty: the objects of all runs
    Named named = Named::by_number;
    std::string label_selector;
    std::uint64_t concurrency = 16;  ///< deletes in flight, > 0
    std::uint64_t page_size = 500;   ///< objects that one request lists, > 0
    base::Nanoseconds first_pause =
        std::chrono::milliseconds(100);  ///< after a failure; then doubled, to 1 s
  };

  Cleanup(net::Shard& shard, kube::Client& client, kube::Collection collection, Options options);

  /// Lists only: all that there is, is left.
  [[nodiscard]] net::Task<void> look();
  /// Removes. A list or a delete that fails and may do better the next time is tried again several times.
  /// Once stopped it lists what remains.
  [[nodiscard]] net::Task<void> remove();
  /// No delete is begun from now on.
  void stop();

  [[nodiscard]] const kube::Collection& collection() const { return collection_; }
  [[nodiscard]] CleanupProgress progress() const;
  [[nodiscard]] CleanupResult result() const;

 private:
  // What became of an object since it was listed.
  enum class Fate { waiting, gone, held, refused };
  struct Object {
    std::string namespace_name;
    std::string name;
    Fate fate = Fate::waiting;
    std::string why;
  };
  enum class PagesEnd { whole, expired, failed };

  [[nodiscard]] net::Task<bool> list();
  [[nodiscard]] net::Task<PagesEnd> list_pages();
  [[nodiscard]] net::Task<kube::MetadataAnswer> list_page(std::string continue_token);
  void take(kube::MetadataPage page);
  [[nodiscard]] bool is_ours(std::string_view name) const;
  void replace_objects();
  [[nodiscard]] kube::Collection home_of(const Object& object) const;
  [[nodiscard]] bool is_anything_to_remove() const;
  [[nodiscard]] net::Task<void> remove_listed();
  [[nodiscard]] net::Task<void> work();
  void note(Object& object, const kube::Answer& answer);
  [[nodiscard]] net::Task<void> pause(int failures);

  net::Shard& shard_;
  kube::Client& client_;
  kube::Collection collection_;
  Options options_;
  net::Signal stop_;
  net::Cancellation* listing_ = nullptr;  // while a list that may be given up runs
  std::vector<Object> listed_;            // by the list that runs
  std::vector<Object> objects_;           // of the last whole list, by namespace and name
  std::size_t next_ = 0;                  // of them, to be deleted
  bool worth_another_ = false;            // some delete did something, or may yet
  std::string doubt_ = "it was not listed";
  bool may_not_list_ = false;
  std::uint64_t found_ = 0;
  std::vector<std::string> first_removed_;
  CleanupProgress progress_;
};

}  // namespace k8scale::load
