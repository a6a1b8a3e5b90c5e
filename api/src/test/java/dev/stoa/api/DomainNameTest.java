package dev.stoa.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DomainNameTest {
    @ParameterizedTest
    @CsvSource({
        "shop.example.com, shop.example.com",
        "Shop.EXAMPLE.com, shop.example.com",
        "shop.example.com., shop.example.com",
        "Müller.example, xn--mller-kva.example",
        "MÜLLER.example, xn--mller-kva.example",
        "例え.example, xn--r8jz45g.example",
        "shop。example。com, shop.example.com",
        "XN--MLLER-KVA.example, xn--mller-kva.example",
        "*.müller.example, *.xn--mller-kva.example",
        "https://Shop, https://shop",
        "a..b, a..b",
    })
    void aNameHasOneFormHoweverItIsWritten(String written, String form) {
        assertThat(DomainName.ascii(written)).isEqualTo(form);
    }
}
