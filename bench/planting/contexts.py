"""Texts in which a secret stands as people and tools write it: configuration, scripts, code.

A context has a file name, what usually stands round the line, and one or more ways of writing
`name = value`. In a line NAME (upper snake), name (lower snake), camel, Pascal, kebab and dotted
stand between « and » for the sample's name, and «v» for its value.
"""

import random
import re
from dataclasses import dataclass
from typing import Callable

from .samples import Sample


@dataclass
class Text:
    path: str
    data: bytes


def quoted_plain(value: str) -> str | None:
    return value if re.fullmatch(r"[\w./+=:@~%,|;?&*!#-]+", value) else None


def quoted_c(value: str) -> str | None:
    """Between double quotes in C's family, JSON, TOML and YAML."""
    return value.replace("\\", "\\\\").replace('"', '\\"') if "\n" not in value else None


def quoted_once(value: str) -> str | None:
    """Between single quotes of languages where they mean what they hold."""
    return value if not re.search(r"['\\\n]", value) else None


def quoted_word(value: str) -> str | None:
    """A word of a shell that needs no quotes."""
    return value if re.fullmatch(r"[\w./+=:@~%,-]+", value) else None


def quoted_xml(value: str) -> str | None:
    if "\n" in value:
        return None
    for char, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        value = value.replace(char, name)
    return value


def quoted_interpolated(value: str) -> str | None:
    """Between double quotes where `$` and `#{` begin an interpolation."""
    return None if re.search(r"\$|#\{|%\{", value) else quoted_c(value)


@dataclass
class Context:
    name: str
    path: str
    quote: Callable[[str], str | None]
    lines: tuple[str, ...]
    before: str = ""
    after: str = ""


DOTENV = "NODE_ENV=production\nLOG_LEVEL=info\n"
CONFIGURATION = (
    Context("dotenv", ".env", quoted_plain, ("«NAME»=«v»\n",), DOTENV, "PORT=8080\n"),
    Context("yaml", "config/settings.yaml", quoted_c, ('  «name»: "«v»"\n', '  «camel»: "«v»"\n'),
            "service:\n  replicas: 3\n", "  timeout: 30s\n"),
    Context("json", "config/default.json", quoted_c, ('  "«camel»": "«v»",\n',
                                                      '  "«name»": "«v»",\n'),
            '{\n  "port": 8080,\n', '  "debug": false\n}\n'),
    Context("ini", "etc/app.ini", quoted_plain, ("«name» = «v»\n", "«name»=«v»\n"),
            "[server]\nport = 8080\n", "timeout = 30\n"),
    Context("toml", "config/app.toml", quoted_c, ('«name» = "«v»"\n',),
            "[server]\nport = 8080\n\n[service]\n", "retries = 3\n"),
    Context("xml", "WEB-INF/app.xml", quoted_xml,
            ("  <«camel»>«v»</«camel»>\n", '  <property name="«dotted»" value="«v»"/>\n',
             '  <add key="«Pascal»" value="«v»" />\n'),
            '<?xml version="1.0"?>\n<configuration>\n  <port>8080</port>\n', "</configuration>\n"),
    Context("properties", "application.properties", quoted_plain, ("«dotted»=«v»\n",
                                                                   "«kebab»=«v»\n"),
            "server.port=8080\n", "spring.main.banner-mode=off\n"),
    Context("shell", "bin/start.sh", quoted_once, ("export «NAME»='«v»'\n", "«NAME»='«v»'\n"),
            "#!/bin/sh\nset -eu\n", "exec /app/server\n"),
    Context("dockerfile", "Dockerfile", quoted_word, ("ENV «NAME»=«v»\n", "ARG «NAME»=«v»\n",
                                                      "ENV «NAME» «v»\n"),
            "FROM debian:12\nWORKDIR /app\n", "COPY . .\n"),
    Context("hcl", "infra/main.tf", quoted_interpolated, ('  «name» = "«v»"\n',),
            'module "service" {\n  source = "./service"\n', "  count = 2\n}\n"),
    Context("compose", "docker-compose.yml", quoted_word, ("      - «NAME»=«v»\n",
                                                           "      «NAME»: «v»\n"),
            "services:\n  app:\n    image: app\n    environment:\n", ""),
    Context("named-value", "deploy/app.yaml", quoted_c,
            ('        - name: «NAME»\n          value: "«v»"\n',
             '        - {"name": "«NAME»", "value": "«v»"}\n'),
            "kind: Deployment\nspec:\n  containers:\n    - name: app\n      env:\n", ""),
    Context("named-element", "etc/core-site.xml", quoted_xml,
            ("  <property>\n    <name>«dotted»</name>\n    <value>«v»</value>\n  </property>\n",
             "  <key>«Pascal»</key>\n  <string>«v»</string>\n",
             '  <string name="«name»">«v»</string>\n'),
            '<?xml version="1.0"?>\n<configuration>\n', "</configuration>\n"),
    Context("inline", "root/.profile", quoted_word,
            ("docker run -e «NAME»=«v» app\n", 'Environment="«NAME»=«v»"\n',
             "export A=1; export «NAME»=«v»\n", "docker build --build-arg «NAME»=«v» .\n"),
            "# deployment\n", "cd /app\n"),
    Context("command-line", "root/.bash_history", quoted_word, ("«NAME»=«v» ./deploy\n",
                                                                "./deploy --«kebab» «v» prod\n",
                                                                "./deploy --«kebab»=«v» prod\n"),
            "cd /app\nls -la\n", "exit\n"))

SOURCE = (
    Context("python", "app/settings.py", quoted_c, ('«NAME» = "«v»"\n', '«name» = "«v»"\n'),
            "import os\n\nDEBUG = False\n", "\n\ndef main():\n    pass\n"),
    Context("javascript", "src/config.js", quoted_once, ("  «camel»: '«v»',\n",
                                                         "  «NAME»: '«v»',\n"),
            "module.exports = {\n  port: 8080,\n", "};\n"),
    Context("go", "internal/config.go", quoted_c, ('const «camel» = "«v»"\n',
                                                   'var «Pascal» = "«v»"\n'),
            "package config\n\n", ""),
    Context("java", "src/main/java/App.java", quoted_c,
            ('    private static final String «NAME» = "«v»";\n',
             '    String «camel» = "«v»";\n'), "public class App {\n", "}\n"),
    Context("ruby", "config/initializers/service.rb", quoted_once, ("  config.«name» = '«v»'\n",
                                                                    "«NAME» = '«v»'\n"),
            "# frozen_string_literal: true\n", "puts 1\n"),
    Context("php", "config.php", quoted_once, ("    '«name»' => '«v»',\n", "$«camel» = '«v»';\n",
                                               "define('«NAME»', '«v»');\n"), "<?php\n", "?>\n"),
    Context("csharp", "Startup.cs", quoted_c, ('        const string «Pascal» = "«v»";\n',
                                               '        public string «Pascal» { get; set; } = '
                                               '"«v»";\n',
                                               '        var «camel» = "«v»";\n'),
            "namespace App {\n    class Startup {\n", "    }\n}\n"),
    Context("rust", "src/config.rs", quoted_c, ('const «NAME»: &str = "«v»";\n',
                                                '    let «name» = "«v»";\n'),
            "use std::env;\n", ""),
    Context("c", "src/client.c", quoted_c, ('#define «NAME» "«v»"\n',
                                            'static const char *«name» = "«v»";\n'),
            "#include <stdio.h>\n", "int main(void) { return 0; }\n"),
    Context("kotlin", "app/Config.kt", quoted_interpolated, ('const val «NAME» = "«v»"\n',
                                                             'val «camel» = "«v»"\n'),
            "package app\n\n", ""))


def styles(sample: Sample) -> dict[str, str]:
    if sample.name:
        return dict.fromkeys(("NAME", "name", "Pascal", "camel", "kebab", "dotted"), sample.name)
    words = sample.words
    pascal = "".join(word.capitalize() for word in words)
    return {"NAME": "_".join(words).upper(), "name": "_".join(words), "Pascal": pascal,
            "camel": pascal[:1].lower() + pascal[1:], "kebab": "-".join(words),
            "dotted": ".".join(words)}


def line(form: str, sample: Sample, value: str) -> str:
    for style, name in styles(sample).items():
        form = form.replace(f"«{style}»", name)
    return form.replace("«v»", value)


def write(context: Context, sample: Sample, rng: random.Random) -> Text | None:
    """The sample in the context; None where it can't be written so without an escape in the
    secret itself."""
    if sample.form == "verbatim":
        if not (sample.command and context.name in ("shell", "command-line", "dockerfile")):
            return None
        run = "RUN " if context.name == "dockerfile" and not sample.value.startswith("RUN") else ""
        middle = run + sample.value.strip() + "\n"
    else:
        value = context.quote(sample.value)
        if value is None or sample.secret not in value:
            return None
        middle = line(rng.choice(context.lines), sample, value)
    return Text(context.path, (context.before + middle + context.after).encode("latin-1"))


def as_it_is(sample: Sample, rng: random.Random) -> Text:
    """A text that has the sample in a form that is always possible."""
    if sample.form != "verbatim":
        for context in rng.sample(CONFIGURATION[:3], 3):
            if (text := write(context, sample, rng)) is not None:
                return text
        middle = line("«name» = «v»", sample, sample.value)
    else:
        middle = sample.value
    text = "\n" + middle.strip("\n") + "\n"
    if not sample.value.startswith(("{", "<")):
        text = "# settings" + text
    return Text("settings.txt", text.encode("latin-1"))
