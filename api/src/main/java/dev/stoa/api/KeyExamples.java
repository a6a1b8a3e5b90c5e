package dev.stoa.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The keys of one table of the manifest, each with an example of how it is written.
 *
 * @param byKey in the order in which hints list the keys
 */
record KeyExamples(Map<String, String> byKey) {
    /** A key, its example, the next key, and so on. */
    static KeyExamples of(String... keysAndExamples) {
        Map<String, String> examples = new LinkedHashMap<>();
        for (int i = 0; i < keysAndExamples.length; i += 2) {
            examples.put(keysAndExamples[i], keysAndExamples[i + 1]);
        }
        return new KeyExamples(Collections.unmodifiableMap(examples));
    }

    String of(String key) {
        return Objects.requireNonNull(byKey.get(key), key);
    }
}
