#include "blocks/gathering_bio.h"

#include <memory>

namespace k8scale::blocks {
namespace {

int append(BIO* bio, const char* bytes, std::size_t count, std::size_t* written) {
  static_cast<std::string*>(BIO_get_data(bio))->append(bytes, count);
  *written = count;
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

struct FreeMethod {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};
using Method = std::unique_ptr<BIO_METHOD, FreeMethod>;

Method make_method() {
  Method method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gathering"));
  BIO_meth_set_write_ex(method.get(), append);
  BIO_meth_set_ctrl(method.get(), control);
  return method;
}

}  // namespace

BIO* new_gathering_bio(std::string& out) {
  static const Method method = make_method();
  BIO* bio = BIO_new(method.get());
  BIO_set_data(bio, &out);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace k8scale::blocks
