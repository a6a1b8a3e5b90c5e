package dev.stoa.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows in aligned columns, for people. Of a cell with several lines the first is shown. */
final class Table {
    private static final String GAP = "   ";

    private final List<List<String>> rows = new ArrayList<>();
    private final List<Integer> widths = new ArrayList<>();

    Table(String... header) {
        row(header);
    }

    Table row(String... cells) {
        List<String> row = Arrays.stream(cells)
                .map(cell -> cell.lines().findFirst().orElse(""))
                .toList();
        for (int i = 0; i < row.size(); i++) {
            if (i == widths.size()) {
                widths.add(0);
            }
            widths.set(i, Math.max(widths.get(i), length(row.get(i))));
        }
        rows.add(row);
        return this;
    }

    void print(Terminal terminal) {
        for (int i = 0; i < rows.size(); i++) {
            String line = line(rows.get(i));
            terminal.line(i == 0 ? terminal.paint(Terminal.Colour.DIM, line) : line);
        }
    }

    private String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            if (i > 0) {
                line.append(GAP);
            }
            line.append(cells.get(i)).append(" ".repeat(widths.get(i) - length(cells.get(i))));
        }
        return line.toString().stripTrailing();
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
