package dev.stoa.platform.bucket;

import java.util.zip.Checksum;

/** CRC-64/NVME: reflected, polynomial 0xad93d23594c93659, all ones before and after. Eight bytes a step. */
final class Crc64Nvme implements Checksum {
    private static final long POLYNOMIAL_REFLECTED = 0x9a6c9329ac4bc9b5L;
    private static final int STEP_BYTES = 8;
    private static final long[][] TABLES = tables();

    private long state = -1;

    private static long[][] tables() {
        long[][] tables = new long[STEP_BYTES][256];
        for (int i = 0; i < 256; i++) {
            long crc = i;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ POLYNOMIAL_REFLECTED;
            }
            tables[0][i] = crc;
        }
        for (int i = 0; i < 256; i++) {
            for (int table = 1; table < STEP_BYTES; table++) {
                long before = tables[table - 1][i];
                tables[table][i] = tables[0][(int) (before & 0xff)] ^ before >>> 8;
            }
        }
        return tables;
    }

    @Override
    public void update(int b) {
        state = TABLES[0][(int) ((state ^ b) & 0xff)] ^ state >>> 8;
    }

    @Override
    public void update(byte[] bytes, int offset, int length) {
        int at = offset;
        int end = offset + length;
        while (end - at >= STEP_BYTES) {
            long word = state;
            for (int i = 0; i < STEP_BYTES; i++) {
                word ^= (bytes[at + i] & 0xffL) << (i * Byte.SIZE);
            }
            long next = 0;
            for (int i = 0; i < STEP_BYTES; i++) {
                next ^= TABLES[STEP_BYTES - 1 - i][(int) ((word >>> (i * Byte.SIZE)) & 0xff)];
            }
            state = next;
            at += STEP_BYTES;
        }
        for (; at < end; at++) {
            update(bytes[at]);
        }
    }

    @Override
    public long getValue() {
        return ~state;
    }

    @Override
    public void reset() {
        state = -1;
    }
}
