package dev.stoa.platform.control;

import dev.stoa.api.ResourceManifest.Wish;
import dev.stoa.platform.control.ResourceStore.ResourceRow;
import java.util.Map;

/** What has to be done so that an app has what its manifest asks for. Nothing is ever taken from it. */
sealed interface ResourceStep {
    /**
     * Make one, and give it to the app.
     *
     * @param name     that it gets
     * @param settings complete
     */
    record Make(Wish wish, String name, Map<String, String> settings) implements ResourceStep {}

    /** Give the app one that an earlier app of its name has left, with these settings. */
    record Take(Wish wish, ResourceRow row, Map<String, String> settings) implements ResourceStep {}

    /** Bring one that it has to these settings, which may be those that it has. */
    record Keep(Wish wish, ResourceRow row, Map<String, String> settings) implements ResourceStep {
        boolean changes() {
            return !row.settings().equals(settings);
        }
    }

    /** Leave it one that its manifest asked for once. */
    record Leave(ResourceRow row, String as) implements ResourceStep {}
}
