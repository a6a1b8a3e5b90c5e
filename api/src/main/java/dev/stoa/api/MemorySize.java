package dev.stoa.api;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount of memory as people write it: {@code 512MB}, {@code 1GiB}, {@code 1.5 GB}. kB, MB, GB and TB count in
 * thousands, KiB, MiB, GiB and TiB in 1024s (IEC 80000-13).
 */
public final class MemorySize {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,6})?) ?([A-Za-z]{2,3})");

    private static final Map<String, Long> BYTES_BY_UNIT = Map.of(
            "kb",
            1_000L,
            "mb",
            1_000_000L,
            "gb",
            1_000_000_000L,
            "tb",
            1_000_000_000_000L,
            "kib",
            1L << 10,
            "mib",
            1L << 20,
            "gib",
            1L << 30,
            "tib",
            1L << 40);

    private static final BigDecimal BYTES_MAX = BigDecimal.valueOf(1L << 50);

    private static final List<String> UNITS = List.of("bytes", "kB", "MB", "GB", "TB", "PB");
    private static final int STEP = 1000;

    private MemorySize() {}

    /** The form that {@link #parseBytes} reads, in the unit that is exact with the smallest number. */
    static String written(long bytes) {
        return List.of("TiB", "GiB", "MiB", "KiB", "TB", "GB", "MB").stream()
                .filter(unit -> bytes % size(unit) == 0)
                .max(Comparator.comparingLong(MemorySize::size))
                .map(unit -> bytes / size(unit) + unit)
                .orElseGet(() -> BigDecimal.valueOf(bytes)
                                .movePointLeft(3)
                                .stripTrailingZeros()
                                .toPlainString()
                        + "kB");
    }

    private static long size(String unit) {
        return Objects.requireNonNull(BYTES_BY_UNIT.get(unit.toLowerCase(Locale.ROOT)), unit);
    }

    /** Rounded, for people: {@code 17 bytes}, {@code 1.5 GB}. */
    public static String shown(long bytes) {
        double amount = bytes;
        int unit = 0;
        while (amount >= STEP && unit < UNITS.size() - 1) {
            amount /= STEP;
            unit++;
        }
        return unit == 0 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", amount, UNITS.get(unit));
    }

    /** The bytes; empty when the text is no such amount, is zero, or is more than 1 PiB. */
    public static Optional<Long> parseBytes(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            return Optional.empty();
        }
        Long unit = BYTES_BY_UNIT.get(form.group(2).toLowerCase(Locale.ROOT));
        if (unit == null) {
            return Optional.empty();
        }
        BigDecimal bytes = new BigDecimal(form.group(1)).multiply(BigDecimal.valueOf(unit));
        boolean sane = bytes.compareTo(BigDecimal.ONE) >= 0 && bytes.compareTo(BYTES_MAX) <= 0;
        return sane ? Optional.of(bytes.longValue()) : Optional.empty();
    }
}
