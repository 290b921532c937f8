#include "collector/wire/byte_reader.h"

#include <gtest/gtest.h>

#include "tests/support/message_builder.h"

namespace weir::wire {
namespace {

using test::ByteWriter;

TEST(ByteReader, ReadsBigEndianIntegersOfEveryWidth) {
  const ByteWriter in = ByteWriter{}
                            .u8(0x01)
                            .u16(0x0203)
                            .integer(0x040506, 3)
                            .u32(0x0708090a)
                            .u64(0x1112131415161718)
                            .integer(0x2122232425, 5);
  ByteReader reader{in.data()};
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u24(), 0x040506U);
  EXPECT_EQ(reader.u32(), 0x0708090aU);
  EXPECT_EQ(reader.u64(), 0x1112131415161718U);
  EXPECT_EQ(reader.uint_of(5), 0x2122232425U);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteReader, FirstFailureSticksAndMovesNothing) {
  const ByteWriter in = ByteWriter{}.u16(0x0102).u8(3);
  ByteReader reader{in.data()};
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.position(), 0U);
  EXPECT_EQ(reader.u8(), 0U);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_TRUE(reader.bytes(1).empty());
}

TEST(ByteReader, IntegersOfZeroOrMoreThanEightBytesFail) {
  const ByteWriter in = ByteWriter{}.zeros(16);
  for (const std::size_t length : {0U, 9U, 16U}) {
    ByteReader reader{in.data()};
    EXPECT_EQ(reader.uint_of(length), 0U);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteReader, SubReaderEndsWhereItsLengthSays) {
  const ByteWriter in = ByteWriter{}.u16(0x0102).u16(0x0304);
  ByteReader reader{in.data()};
  ByteReader inner = reader.sub(2);
  EXPECT_EQ(inner.u16(), 0x0102);
  EXPECT_EQ(inner.u8(), 0U);
  EXPECT_FALSE(inner.ok());
  EXPECT_EQ(reader.u16(), 0x0304);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.sub(1).remaining(), 0U);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace weir::wire
