package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.Manifest;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequirementsTest {
    @TempDir
    Path dir;

    @Test
    void includedFilesCountAndMayIncludeEachOther() {
        Requirements requirements = read(Map.of(
                "requirements.txt", "-r requirements/base.txt\n-c requirements/pins.txt",
                "requirements/base.txt", "flask\n-r ../requirements.txt",
                "requirements/pins.txt", "flask==3.1.0"));

        assertThat(requirements.texts()).hasSize(3).contains("flask==3.1.0");
        assertThat(requirements.local()).isFalse();
        assertThat(requirements.mentions("flask")).isTrue();
        assertThat(requirements.mentions("ask")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-e .", ".", "./lib", "--editable=lib", "/opt/lib", "lib @ file:///opt/lib"})
    void whatLiesInTheSourceItselfIsLocal(String line) {
        assertThat(read(Map.of("requirements.txt", "flask\n" + line)).local()).isTrue();
    }

    private Requirements read(Map<String, String> files) {
        return Requirements.read(new SourceFolder(new Workshop(dir).source(files), Manifest.EMPTY));
    }
}
