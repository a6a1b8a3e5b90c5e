package dev.stoa.platform.certificate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcmeBindingTest {
    @TempDir
    private Path folder;

    private Path file(String text, String mode) throws IOException {
        Path file = Files.writeString(folder.resolve("eab.key"), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }

    @Test
    void theKeyStandsInAFileOfItsOwn() throws IOException {
        Path file = file("q83vEjRWeJCrze8SNFZ4kA==\n", "rw-------");
        AcmeBinding binding = AcmeBinding.parse("--acme-eab", "kid-1:" + file);
        assertThat(binding.id()).isEqualTo("kid-1");
        assertThat(binding.key()).isEqualTo("q83vEjRWeJCrze8SNFZ4kA");
        assertThat(binding.toString()).doesNotContain("q83v");
    }

    @Test
    void whatIsNoneSaysWhatItHasToBe() throws IOException {
        assertThatThrownBy(() -> AcmeBinding.parse("--acme-eab", "kid-1")).hasMessageContaining("a colon, and a file");
        assertThatThrownBy(() -> AcmeBinding.parse("--acme-eab", "kid-1:/no/such"))
                .hasMessageContaining("cannot read the key in /no/such");
        String open = "kid-1:" + file("q83vEjRWeJCrze8SNFZ4kA", "rw-r--r--");
        assertThatThrownBy(() -> AcmeBinding.parse("--acme-eab", open)).hasMessageContaining("can be read by others");
        String none = "kid-1:" + file("not base64!", "rw-------");
        assertThatThrownBy(() -> AcmeBinding.parse("--acme-eab", none)).hasMessageContaining("holds no key");
    }
}
