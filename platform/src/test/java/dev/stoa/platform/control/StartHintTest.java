package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StartHintTest {
    @Test
    void aScriptThatIsNotExecutableIsToldTheCommandForThat() {
        assertThat(StartHint.of(126, List.of("/bin/sh: 1: ./run.sh: Permission denied")))
                .contains("make it executable, and deploy again:  chmod +x ./run.sh");
    }

    @Test
    void aFileThatIsNotThereMayHaveAFirstLineFromWindows() {
        assertThat(StartHint.of(127, List.of("hello", "/bin/sh: 1: ./run.sh: not found"))
                        .orElseThrow())
                .startsWith("see that ./run.sh is among the files");
    }

    @Test
    void aProgramThatIsNotThereIsNamed() {
        assertThat(StartHint.of(127, List.of("/bin/sh: 1: pm2: not found")).orElseThrow())
                .startsWith("pm2 is neither on this machine");
    }

    @Test
    void whatTheAppItselfSaysIsNotExplained() {
        assertThat(StartHint.of(1, List.of("open /data: Permission denied"))).isEmpty();
        assertThat(StartHint.of(126, List.of("boom"))).isEmpty();
    }
}
