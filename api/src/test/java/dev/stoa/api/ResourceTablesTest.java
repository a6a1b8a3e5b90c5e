package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.ResourceManifest.Wish;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceTablesTest {
    private static Manifest manifest(String text) {
        return ManifestFile.parse(text, "stoa.toml");
    }

    @Test
    void aTableIsAWishWithItsSettings() {
        assertThat(manifest("[databases.main]\nplan = \"large\"\nversion = 17\n[databases.read-only]\n")
                        .resources()
                        .wishes())
                .containsExactlyInAnyOrder(
                        new Wish("database", "main", Map.of("plan", "large", "version", "17")),
                        new Wish("database", "read-only", Map.of()));
        assertThat(manifest("[buckets.photos]\npublic = true\ncors = [\"https://a.b\", \"*\"]\n")
                        .resources()
                        .wishes())
                .containsExactly(new Wish("bucket", "photos", Map.of("public", "true", "cors", "https://a.b,*")));
        assertThat(manifest("").resources()).isEqualTo(ResourceManifest.NONE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[databases.main]\\nplans = 1 | \"plans\" is not a key of [databases.main] in stoa.toml, line 2",
                "[databases.main]\\nplan = [1] | \"plan\" of [databases.main] must be a string, a number, or true or false",
                "[databases.main]\\nplan = \"\" | \"plan\" of [databases.main] must not be empty",
                "[databases.\"a;b\"]\\n | \"a;b\" cannot name a database",
                "[buckets.photos]\\ncors = \"*\" | \"cors\" of [buckets.photos] must be",
                "[buckets.photos]\\nquote = \"1GB\" | \"quote\" is not a key of [buckets.photos] in stoa.toml, line 2",
                "databases = 1 | \"databases\" must be a table",
                "[databases]\\nmain = \"small\" | \"main\" of [databases] must be a table",
            })
    void aMistakeIsNamedWithItsLine(String text, String message) {
        assertThatThrownBy(() -> manifest(text.replace("\\n", "\n")))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining(message.strip());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Main", "1main", "main-", "a b", "a'; drop table apps;--", "ä", "a\u0000b"})
    void aBadNameIsRefused(String name) {
        assertThatThrownBy(() -> new ResourceName(name))
                .isInstanceOfSatisfying(
                        StoaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BAD_RESOURCE_NAME));
    }

    @Test
    void aNameHasAtMostFortyCharacters() {
        assertThat(new ResourceName("a".repeat(40)).value()).hasSize(40);
        assertThatThrownBy(() -> new ResourceName("a".repeat(41))).isInstanceOf(StoaException.class);
        assertThatThrownBy(() -> new ResourceName("a".repeat(64))).isInstanceOf(StoaException.class);
    }
}
