package dev.stoa.platform.base;

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
}
