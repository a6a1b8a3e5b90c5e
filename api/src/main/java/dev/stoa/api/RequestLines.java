package dev.stoa.api;

import java.util.List;
import java.util.Map;

/**
 * What a router in another process has to add to the logs of apps.
 *
 * @param apps by app, a line for each of its requests
 */
public record RequestLines(Map<String, List<LogLine>> apps) {
    public RequestLines {
        apps = Map.copyOf(apps);
    }
}
