package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds docs/reference to what the code does. */
class ReferenceTest {
    private static final Path REFERENCE = Path.of("..", "docs", "reference");

    /** {@code | `app_not_found` | 404 | meaning | you |}. */
    private static final Pattern ERROR_ROW = Pattern.compile("(?m)^\\| `(\\w+)` \\| (\\d+) \\| .+ \\| (\\w+) \\|$");

    private static final Pattern HEADING = Pattern.compile("(?m)^## (.+)$");
    private static final Pattern KEY_ROW = Pattern.compile("(?m)^\\| `\\w+` \\| .+ \\| `(.+)` \\|$");
    private static final Pattern TOML_BLOCK = Pattern.compile("(?s)```toml\n(.*?)```");

    @Test
    void everyErrorCodeStandsInTheTableWithItsStatusAndWhoActs() throws IOException {
        List<String> documented = rows(ERROR_ROW, read("errors.md"))
                .map(row -> row.group(1) + " " + row.group(2) + " " + row.group(3))
                .toList();
        List<String> real = Arrays.stream(ErrorCode.values())
                .map(code -> code.code() + " " + code.status() + " " + whoActs(code))
                .toList();
        assertThat(documented).containsExactlyInAnyOrderElementsOf(real);
    }

    @Test
    void everyExampleOfTheManifestIsValid() throws IOException {
        List<String> blocks = rows(TOML_BLOCK, read("manifest.md"))
                .map(block -> block.group(1))
                .toList();
        assertThat(blocks).hasSize(2);
        assertThat(ManifestFile.parse(blocks.getFirst(), "manifest.md").name())
                .isEqualTo(Optional.of(new AppName("shop")));
        assertThat(ManifestFile.parse(blocks.getLast(), "manifest.md").env()).containsEntry("WORKERS", "4");
    }

    @Test
    void everyKeyInATableOfTheManifestIsOne() throws IOException {
        String[] parts = HEADING.split(read("manifest.md"), -1);
        List<String> headings = rows(HEADING, read("manifest.md"))
                .map(heading -> heading.group(1))
                .toList();
        int keys = 0;
        for (int i = 0; i < headings.size(); i++) {
            String table = headings.get(i).startsWith("[") ? headings.get(i).replace("NAME", "web") : "";
            // A cron without these two is an error whatever else it has.
            String needed = table.startsWith("[crons") ? "schedule = \"@daily\"\ncommand = \"x\"\n" : "";
            for (MatchResult row : rows(KEY_ROW, parts[i + 1]).toList()) {
                String text = table + "\n" + row.group(1);
                String missing = needed.lines()
                        .filter(line -> !line.startsWith(row.group(1).split(" ", -1)[0]))
                        .collect(Collectors.joining("\n", "\n", ""));
                assertThat(ManifestFile.parse(text + missing, "manifest.md"))
                        .as(row.group())
                        .isNotEqualTo(Manifest.EMPTY);
                keys++;
            }
        }
        assertThat(keys).isEqualTo(33);
    }

    private static String whoActs(ErrorCode code) {
        return switch (code.fault()) {
            case USER -> "you";
            case PLATFORM -> "platform";
            case RESOURCES -> "room";
        };
    }

    private static java.util.stream.Stream<MatchResult> rows(Pattern pattern, String text) {
        return pattern.matcher(text).results();
    }

    private static String read(String name) throws IOException {
        return Files.readString(REFERENCE.resolve(name));
    }
}
