#pragma once
#include <array>
#include <string>
#include <string_view>

#include "k8scale/kube/reflector.h"

namespace k8scale::observe {

/// An object of namespace "n" as a reflector would show it: the hash is made from name and version.
struct SampleObject {
  std::string name;
  std::string version;
  std::array<std::string_view, 2> annotations{};

  [[nodiscard]] kube::ObjectView view() const {
    kube::ObjectView made;
    made.namespace_name = "n";
    made.name = name;
    made.uid = "uid";
    made.resource_version = version;
    made.created = base::WallTime(std::chrono::seconds(1'700'000'000));
    made.annotations = annotations;
    made.content_hash = std::hash<std::string>()(name + "@" + version);
    return made;
  }
};

/// Calls a sink as a reflector does.
class Teller {
 public:
  explicit Teller(kube::ReflectorSink& sink) : sink_(sink) {}

  template <class... Objects>
  void list(const std::string& version, const Objects&... objects) {
    sink_.list_begun();
    (sink_.listed(objects.view(), base::SteadyTime()), ...);
    sink_.list_ended(version);
  }
  void added(const SampleObject& object) { tell(kube::EventType::added, object); }
  void modified(const SampleObject& object) { tell(kube::EventType::modified, object); }
  void deleted(const SampleObject& object) { tell(kube::EventType::deleted, object); }

 private:
  void tell(kube::EventType type, const SampleObject& object) {
    sink_.changed(type, object.view(), base::SteadyTime());
  }

  kube::ReflectorSink& sink_;
};

}  // namespace k8scale::observe
