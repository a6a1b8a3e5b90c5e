package dev.stoa.platform.router.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CodingTest {
    private static final List<Coding> ALL = List.of(Coding.BR, Coding.ZSTD, Coding.GZIP);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip, deflate, br, zstd   | BR",
                "gzip, deflate             | GZIP",
                "x-gzip                    | GZIP",
                "GZIP                      | GZIP",
                "gzip;q=0.5, zstd;q=0.8    | ZSTD",
                "br;q=0, gzip              | GZIP",
                "*                         | BR",
                "br;q=0, *                 | ZSTD",
                "*;q=0                     | none",
                "gzip;q=0                  | none",
                "identity                  | none",
                "identity;q=0.5, gzip;q=0.2| none",
                "identity;q=0.2, gzip;q=0.5| GZIP",
                "gzip;q=2                  | none",
                "gzip;q=x                  | none",
                "gzip;level=9;q=0.1        | GZIP",
                "''                        | none",
                "deflate                   | none",
                ",,;,                      | none",
            })
    void theClientsWeightsDecideAndThenTheOrderOfTheOffer(String accept, String expected) {
        assertThat(Coding.choose(ALL, accept).map(Coding::name).orElse("none")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "text/html; charset=utf-8, true",
        "TEXT/CSS,                 true",
        "application/json,         true",
        "application/problem+json, true",
        "image/svg+xml,            true",
        "application/wasm,         true",
        "text/event-stream,        false",
        "image/png,                false",
        "application/octet-stream, false",
        "video/mp4,                false",
        "'',                       false",
    })
    void onlyWhatGetsSmallerIsCompressed(String type, boolean compressible) {
        assertThat(Coding.isCompressible(type)).isEqualTo(compressible);
    }
}
