package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppChoiceTest {
    @TempDir
    private Path parent;

    @Test
    void theOptionWinsOverTheManifestAndTheManifestOverTheFolder() throws Exception {
        Path folder = Files.createDirectory(parent.resolve("Mein Laden"));
        assertThat(choice(Optional.empty(), folder)).isEqualTo("mein-laden FOLDER");
        Files.writeString(folder.resolve("stoa.toml"), "# no name yet\n[env]\nname = \"not-this\"\n");
        assertThat(choice(Optional.empty(), folder)).isEqualTo("mein-laden FOLDER");
        Files.writeString(folder.resolve("stoa.toml"), "name = \"shop\"\n");
        assertThat(choice(Optional.empty(), folder)).isEqualTo("shop MANIFEST");
        assertThat(choice(Optional.of("other"), folder)).isEqualTo("other OPTION");
    }

    private static String choice(Optional<String> option, Path folder) {
        AppChoice choice = AppChoice.of(option, folder);
        return choice.app() + " " + choice.origin();
    }

    @Test
    void aFolderWhoseNameHasNoLetterMustBeNamed() throws Exception {
        Path folder = Files.createDirectory(parent.resolve("2026"));
        assertThatThrownBy(() -> AppChoice.of(Optional.empty(), folder)).hasMessageContaining("2026");
    }

    @Test
    void aManifestThatIsNotTomlIsNamedWithItsLine() throws Exception {
        Files.writeString(parent.resolve("stoa.toml"), "\nname = shop\n");
        assertThatThrownBy(() -> AppChoice.of(Optional.empty(), parent))
                .hasMessageContaining("stoa.toml")
                .hasMessageContaining("line 2");
    }

    @Test
    void anAppThatWasOnlyGuessedFromTheFolderIsAskedFor() throws Exception {
        Path folder = Files.createDirectory(parent.resolve("elsewhere"));
        try (FakePlatform platform = new FakePlatform()) {
            platform.refuse(
                    "GET /v1/apps/elsewhere/processes", ErrorCode.APP_NOT_FOUND, "there is no app \"elsewhere\"", "");
            assertThat(Call.in(folder).to(platform).stoa("ps").err())
                    .contains("there is no app \"elsewhere\"")
                    .contains("say which app you mean: -a APP");
        }
    }
}
