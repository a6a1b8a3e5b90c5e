package dev.stoa.platform.base;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/** Makes short random ids, such as {@code k7m2p9qx4t}. */
public final class Ids {
    /** No vowels and no look-alikes, so that an id is never a word and can be read aloud. */
    private static final String ALPHABET = "bcdfghjkmnpqrstvwxz2456789";

    /** 26^10, about 2^47: no two alike among the things of one platform. */
    private static final int LENGTH = 10;

    private final RandomGenerator random;

    public Ids(RandomGenerator random) {
        this.random = random;
    }

    public String next() {
        StringBuilder id = new StringBuilder(LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            id.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return id.toString();
    }

    /** Twice as long. */
    public String nextLong() {
        byte[] id = new byte[2 * LENGTH];
        fill(id, 0, random.nextLong());
        fill(id, LENGTH, random.nextLong());
        return new String(id, StandardCharsets.ISO_8859_1);
    }

    /** 63 bits make 10 letters: no letter is likelier than another by more than one in 2^15. */
    private static void fill(byte[] id, int from, long bits) {
        long rest = bits >>> 1;
        for (int i = from; i < from + LENGTH; i++) {
            id[i] = (byte) ALPHABET.charAt((int) (rest % ALPHABET.length()));
            rest /= ALPHABET.length();
        }
    }
}
