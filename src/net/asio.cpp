// Asio and Beast are compiled here once (their SEPARATE_COMPILATION forms).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
