package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeSpanTest {
    @ParameterizedTest
    @CsvSource({
        "90s,90s,90 s",
        "120s,2m,2 min",
        "60m,1h,1 h",
        "36h,36h,36 h",
        "1d,1d,1 day",
        "2w,14d,14 days",
        "0s,0s,0 s"
    })
    void whatIsWrittenIsReadAgain(String text, String written, String spoken) {
        Duration span = TimeSpan.parse(text).orElseThrow();

        assertThat(TimeSpan.written(span)).isEqualTo(written);
        assertThat(TimeSpan.parse(written)).hasValue(span);
        assertThat(TimeSpan.spoken(span)).isEqualTo(spoken);
    }
}
