#include "catch.h"
#include "k8scale/apiserver/fault.h"
#include "k8scale/base/error.h"

namespace k8scale::apiserver {
namespace {

std::string complaint(const std::string& rule) {
  try {
    static_cast<void>(parse_fault(rule));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a rule about events names one thing that becomes of them") {
  CHECK(parse_fault("swallow").event == EventFault::swallow);
  CHECK(parse_fault("verbs=watch,every=7,duplicate").every == 7);
  CHECK(parse_fault("resource=flunders,p=0.5,reorder").event == EventFault::reorder);
  CHECK(parse_fault("drop").event == EventFault::drop);
  const Fault delay = parse_fault("delay=exp:20ms");
  CHECK(delay.delay == std::chrono::milliseconds(20));
  CHECK(delay.exponential);
  CHECK(delay.text == "delay=exp:20ms");
  CHECK(parse_fault("verbs=create,compact").compact);
}

TEST_CASE("a rule is about requests or about events") {
  CHECK(complaint("swallow,drop").find("one of swallow") != std::string::npos);
  CHECK(complaint("swallow,status=503").find("not both") != std::string::npos);
  CHECK(complaint("verbs=create,swallow").find("not both") != std::string::npos);
  CHECK(complaint("verbs=watch+list,drop").find("not both") != std::string::npos);
  CHECK(complaint("delay=fast").find("delay=20ms") != std::string::npos);
  CHECK(complaint("delay=-1s").find("delay=20ms") != std::string::npos);
}

}  // namespace
}  // namespace k8scale::apiserver
