package dev.stoa.cli;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class TrainingTest {
    /** Otherwise the package would be made without its cache, and every command would take twice as long. */
    @Test
    void allCommandsOfTheTrainingGetTheirAnswers() {
        assertThatCode(() -> Training.main(new String[0])).doesNotThrowAnyException();
    }
}
