package dev.stoa.platform.control;

import dev.stoa.platform.control.AppStore.AppRow;

/**
 * Where apps answer.
 *
 * @param domain the suffix, such as {@code localhost}
 * @param port   of the router
 */
public record Urls(String domain, int port) {
    String of(AppRow app) {
        return "http://%s.%s%s".formatted(app.name(), domain, port == 80 ? "" : ":" + port);
    }
}
