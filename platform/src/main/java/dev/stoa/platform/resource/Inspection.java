package dev.stoa.platform.resource;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A resource as it is now.
 *
 * @param state  a word for people, such as running or stopped
 * @param reason why it is not as it should be
 * @param facts  in the order in which people want to read them
 */
public record Inspection(String state, Optional<String> reason, Map<String, String> facts) {
    public Inspection {
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }
}
