#include "redo/session.h"

namespace redoubt::redo {
namespace {

template <class T>
void read_if_there(Bytes field, std::size_t least, ByteOrder order, T& to) {
  if (field.size() >= least) to = decode<T>(field, order);
}

void read_number(Bytes field, ByteOrder order, std::uint32_t& to) {
  if (field.size() >= 4) to = load_u32(field.data(), order);
}

}  // namespace

Session read_session(const Vector& v) {
  Session s;
  FieldCursor fields = v.fields();
  const auto next = [&] { return fields.empty() ? Bytes{} : fields.next(); };
  const auto text = [&](std::string_view& to) { to = as_text(next()); };
  read_if_there(next(), kSessionIdSize, v.order, s.id);
  const bool first = v.op == kSession;
  if (first)
    for (std::string_view* to :
         {&s.current_user, &s.login_user, &s.client_info, &s.os_user, &s.machine, &s.terminal, &s.process, &s.program})
      text(*to);
  text(s.transaction);
  read_if_there(next(), kSessionFlagsSize, v.order, s.flags);
  read_number(next(), v.order, s.version);
  read_number(next(), v.order, s.audit_session);
  if (!first) next();
  text(s.client_id);
  if (!first) text(s.login_user);
  return s;
}

}  // namespace redoubt::redo
