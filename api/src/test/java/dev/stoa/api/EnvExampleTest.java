package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvExampleTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '~',
            delimiter = '|',
            value = {
                "A=1\\nB=2|A B",
                "B=\\nA=|B A",
                "export A=1|A",
                "A = 1 # why|A",
                "A: 1|A",
                "# A=1\\n  #B=2\\nC=3|C",
                "\\r\\nA=1\\r\\n\\r\\nB=2\\r\\n|A B",
                "A=1\\nA=2|A",
                "KEY=\"-----BEGIN\\nX=1\\n-----END\"\\nB=2|KEY B",
                "KEY='one\\nX=1'\\nB=2|KEY B",
                "A=\"say \\\\\"hi\\\\\" X=1\"\\nB=2|A B",
                "A=\"nobody closes this\\nB=2|A B",
                "A=it's\\nB='x'|A B",
                "this is no assignment\\nA=1|A",
                "1A=1\\nA B=2\\n=3|~~",
                "A.B=1\\nC=2|C"
            })
    void theNamesAreThoseOfTheAssignments(String text, String names) {
        String real = text.replace("\\r", "\r").replace("\\n", "\n").replace("\\\\", "\\");

        assertThat(EnvExample.names(real)).containsExactly(names.isEmpty() ? new String[0] : names.split(" ", -1));
    }

    @Test
    void theFirstOfTheUsualFilesIsRead() throws IOException {
        Files.writeString(folder.resolve(".env.sample"), "\uFEFFSAMPLE=1\n");
        assertThat(EnvExample.read(folder)).isEqualTo(new EnvExample(".env.sample", List.of("SAMPLE")));

        Files.writeString(folder.resolve(".env.example"), "EXAMPLE=1\n");
        assertThat(EnvExample.read(folder)).isEqualTo(new EnvExample(".env.example", List.of("EXAMPLE")));
    }

    @Test
    void noAppIsRefusedForItsDocumentation() throws IOException {
        Files.write(folder.resolve(".env.example"), "A=1".getBytes(StandardCharsets.UTF_16));
        Files.createDirectory(folder.resolve(".env.sample"));
        Files.write(folder.resolve(".env.template"), new byte[SourceText.FILE_BYTES_MAX + 1]);

        assertThat(EnvExample.read(folder)).isEqualTo(EnvExample.NONE);
    }
}
