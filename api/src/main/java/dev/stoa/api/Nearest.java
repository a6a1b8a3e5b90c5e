package dev.stoa.api;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that somebody meant when they typed another, for hints such as {@code did you mean "instances"?}. */
public final class Nearest {
    /** A word further away than this was not a slip of the finger. */
    static final int DISTANCE_MAX = 3;

    /** Longer words are not compared: the time grows with the square of the length. */
    static final int WORD_CHARS_MAX = 64;

    /** From so many letters on, the beginning of a word stands for the word. */
    private static final int PREFIX_CHARS_MIN = 2;

    private Nearest() {}

    /**
     * The known word that is fewest slips away, if one is near enough: at most {@value #DISTANCE_MAX}, and at most half
     * of the word's letters (one, in a word of one). Upper and lower case are alike. Of two equally near, the one first in the alphabet.
     */
    public static Optional<String> of(String word, Collection<String> known) {
        String wanted = word.toLowerCase(Locale.ROOT);
        if (wanted.isEmpty() || wanted.length() > WORD_CHARS_MAX) {
            return Optional.empty();
        }
        int limit = Math.min(DISTANCE_MAX, Math.max(1, wanted.length() / 2));
        return known.stream()
                .filter(candidate -> candidate.length() <= WORD_CHARS_MAX)
                .map(candidate -> new Candidate(candidate, distance(wanted, candidate.toLowerCase(Locale.ROOT))))
                .filter(candidate -> candidate.distance <= limit || isPrefix(wanted, candidate.word))
                .min(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::word))
                .map(Candidate::word);
    }

    private static boolean isPrefix(String wanted, String word) {
        return wanted.length() >= PREFIX_CHARS_MIN
                && word.toLowerCase(Locale.ROOT).startsWith(wanted);
    }

    /**
     * The slips between two words: a letter too many, too few, wrong, or two neighbours swapped (the optimal string
     * alignment form of the Damerau-Levenshtein distance).
     */
    static int distance(String a, String b) {
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int wrong = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(last[j - 1] + wrong, 1 + Math.min(last[j], row[j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            int[] spare = beforeLast;
            beforeLast = last;
            last = row;
            row = spare;
        }
        return last[b.length()];
    }

    private record Candidate(String word, int distance) {}
}
