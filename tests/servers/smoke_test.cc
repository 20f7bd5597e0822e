#include <gtest/gtest.h>
#include "database/connection.h"
#include "tests/servers/servers.h"
using namespace redoubt;
TEST(Smoke, Maria) { servers::MariadbServer server; 
  auto c = database::connect(database::parse_url(server.url()));
  std::cerr << c->server().version << c->server().user << c->server().identity << "\n";
  c->execute("create table t(a int primary key, b decimal(10,3), c varchar(30), d datetime(6), e longtext, f blob, g time, h float, i json, j double, k date, l bit)");
  auto n = c->execute("insert into t values ($1, $2, $3, $4, $5, $6, $7, $8,$9,$10,$11,$12)", database::row(1, "-12345.678", "x\ty\\é", "2024-01-01 10:00:01.5", "long", "\x01\xff", "-838:59:59", 1.1f, "{}", 0.1,"0000-00-00", true));
  EXPECT_EQ(n, std::vector<std::int64_t>{1});
  auto rows = c->read("select * from t where a = $1", database::row(1));
  for (auto& i : rows->columns()) std::cerr << i.name << " " << name_of(i.type) << " " << i.native << " " << i.scale << " " << i.size << "\n";
  database::Batch b(rows->columns().size());
  while (rows->next(b)) std::cerr << b.rows() << " " << b[1].text(0) << " " << b[2].text(0) << " " << b[3].time(0).nanos << " " << b[4].text(0) <<  " " << b[5].text(0).size() << " " << b[6].interval(0).micros << " " << b[7].real(0) << " " << b[9].real(0) << " " << (int)b[10].storage(0) << b[10].time(0).year <<"\n";
  try { c->execute("insert into t values ($1)", database::row(1)); FAIL(); } catch (database::DatabaseError& e) { std::cerr << e.what() << " " << e.code() << "\n"; }
}
