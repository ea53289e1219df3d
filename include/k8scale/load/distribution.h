#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "k8scale/base/random.h"

/// What the objects of a run are like, as functions of their number and the seed alone: the same however the
/// run is split.
namespace k8scale::load {

/// A random stream of object `number`'s own.
[[nodiscard]] base::Random random_of_object(std::uint64_t seed, std::string_view purpose,
                                            std::uint64_t number);

/// How many bytes of data an object has: all `median`, or log-normal with that median and `sigma`, the
/// standard deviation of the logarithm; cut at `most`.
class ObjectSizes {
 public:
  ObjectSizes(std::size_t median, double sigma, std::size_t most, std::uint64_t seed)
      : median_(median), sigma_(sigma), most_(most), seed_(seed) {}

  [[nodiscard]] bool fixed() const { return sigma_ == 0; }
  [[nodiscard]] std::size_t of(std::uint64_t number) const;

 private:
  std::size_t median_;
  double sigma_;
  std::size_t most_;
  std::uint64_t seed_;
};

/// Which of `count` namespaces an object is in: one after the other, or, with an exponent above 0, the k-th
/// with a probability proportional to k^-exponent (Zipf).
class NamespaceSpread {
 public:
  NamespaceSpread(std::size_t count, double zipf_exponent, std::uint64_t seed);

  /// From 0.
  [[nodiscard]] std::size_t of(std::uint64_t number) const;

 private:
  std::size_t count_;
  std::uint64_t seed_;
  std::vector<double> up_to_;  // with Zipf: the probability of this one or an earlier one
};

}  // namespace k8scale::load
