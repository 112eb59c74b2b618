"""Checks of what pages hold and ask of their readers: cookies, titles, forms, downloads, hidden properties of documents."""

from __future__ import annotations

from typing import Annotated, Final

from checks.common import listed, value_not_set
from checks.dns.zone import DNS_NAME_SUFFIXES
from checks.web.common import ELSEWHERE, denied, each, host_of, unfinished, visit_of, walked
from scanner.facts.web_content import Capped, WebCrawl, WebDocument, WebReading
from scanner.facts.web_entry import WebEntry, WebVisit
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

WEB_DOCUMENT_NAMES = Value[tuple[str, ...]](
    "web.documents.approved-names",
    default=(),
    text=Text(
        ja="公開する文書のプロパティに残してよい名前（組織名等）",
        en="names that properties of published documents may show, such as the organisation's own",
    ),
)

WEB_TITLE_NAMES = Value[tuple[str, ...]](
    "web.titles.names",
    default=(),
    text=Text(
        ja="ページのタイトルに含める組織名（いずれか一つを含めばよい）", en="names of the organisation, one of which every page title holds"
    ),
)


LEAST_SHARE: Final = 0.5
"""Of the text that comes with cookies, what must come without: less is another page."""
_EXECUTABLES: Final = "exe msi msix appx bat cmd com scr pif ps1 vbs vbe wsf hta lnk jar jnlp apk ipa dmg pkg deb rpm run iso img reg cpl"
EXECUTABLES: Final = frozenset(_EXECUTABLES.split())
MACROS: Final = frozenset({"docm", "dotm", "xlsm", "xltm", "xlsb", "xlam", "pptm", "potm", "ppsm"})
PERSONAL: Final = ("author", "last-modified-by", "manager", "company", "printed-by")
MARKS: Final = ("path", "comments", "tracked-changes", "hidden-sheets")


@check(
    "web.content.cookies",
    severity=Severity.LOW,
    title=Text(ja="Cookie を受け入れなくても閲覧できる", en="Pages can be read without cookies"),
    why=Text(
        ja="Cookie を求めるページは検索サイトに内容を読まれず、公式サイトが検索結果に現れにくくなる。",
        en="Search engines cannot read pages that want cookies, so the official site is hard to find.",
    ),
    remedy=Text(
        ja="Cookie がない要求にも同じ内容を返す。同意を求める表示は内容を隠さないものにする。",
        en="Give the same content to requests without cookies, and ask for consent without hiding it.",
    ),
    says={
        "COOKIES_NOT_NEEDED": Text(ja="Cookie がなくても同じように読める", en="it reads the same without cookies"),
        "COOKIES_NOT_SET": Text(ja="Cookie を設定せずに内容を返す", en="content comes and no cookie is set"),
        "COOKIES_NEEDED": Text(
            ja="Cookie がないと内容が読めない（{bare} 文字、Cookie があれば {kept} 文字）",
            en="without cookies there is no content ({bare} characters, with them {kept})",
        ),
        "COOKIES_LOOP": Text(ja="Cookie がないと転送が終わらない", en="without cookies the redirects never end"),
    },
)
def web_content_cookies(crawl: WebCrawl) -> Judgement:
    bare, kept = crawl.bare, crawl.with_cookies
    if kept is None:
        if bare.looped:
            return cannot_tell(Reason.PROTOCOL_VIOLATION, "転送が終わらない", "the redirects do not come to an end")
        return passed("COOKIES_NOT_SET") if 200 <= bare.status < 400 else denied(bare.status)
    if isinstance(kept, Unobserved):
        return kept
    if not 200 <= kept.status < 300 or kept.looped:
        return (
            denied(kept.status)
            if not kept.looped
            else cannot_tell(
                Reason.PROTOCOL_VIOLATION, "Cookie があっても転送が終わらない", "even with cookies the redirects do not come to an end"
            )
        )
    if bare.looped:
        return failed("COOKIES_LOOP")
    return _compared(bare, kept)


def _compared(bare: WebReading, kept: WebReading) -> Judgement:
    if not 200 <= bare.status < 300 or (kept.text >= 200 and bare.text < kept.text * LEAST_SHARE):
        return failed("COOKIES_NEEDED", bare=bare.text, kept=kept.text)
    return passed("COOKIES_NOT_NEEDED")


@check(
    "web.content.titles",
    severity=Severity.LOW,
    title=Text(ja="ページに適切なタイトルを付ける", en="Every page has a fitting title"),
    why=Text(
        ja="検索結果にはタイトルが表示される。ないもの、同じものばかりでは、公式のページと分からない。",
        en="Search results show titles; without them, or with the same one everywhere, nobody can tell the official page.",
    ),
    remedy=Text(
        ja="各ページの title 要素に、内容と組織名を記す。", en="Write content and organisation into the title element of each page."
    ),
    says={
        **ELSEWHERE,
        "TITLES_GOOD": Text(
            ja="見た {count} 件のページにそれぞれのタイトルがある", en="each of {count} pages that were looked at has its own title"
        ),
        "TITLES_MISSING": Text(ja="タイトルのないページがある：{pages}", en="pages without a title: {pages}"),
        "TITLES_SAME": Text(ja="異なるページが同じタイトルを持つ：{titles}", en="different pages share a title: {titles}"),
        "TITLES_NAMELESS": Text(
            ja="タイトルに組織名のないページがある：{pages}", en="pages whose titles do not name the organisation: {pages}"
        ),
    },
)
def web_content_titles(crawl: WebCrawl, *, names: Annotated[tuple[str, ...], WEB_TITLE_NAMES] = WEB_TITLE_NAMES.default) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    pages = [page for page in crawl.pages if page.status == 200]
    if missing := [page.path for page in pages if not page.title]:
        return failed("TITLES_MISSING", pages=listed(missing))
    places: dict[str, set[str]] = {}
    for page in pages:
        places.setdefault(page.title or "", set()).add(page.path)
    # A few pages of one series may share a title; most of a site may not.
    shared = {title: paths for title, paths in places.items() if len(paths) > 1}
    if sum(map(len, shared.values())) * 2 > len(pages):
        return failed("TITLES_SAME", titles=listed(shared))
    if names and (nameless := [page.path for page in pages if not any(name in (page.title or "") for name in names)]):
        return failed("TITLES_NAMELESS", pages=listed(nameless))
    return unfinished(crawl) or passed("TITLES_GOOD", count=len(pages))


@check(
    "web.content.broken-links",
    severity=Severity.INFO,
    title=Text(ja="自らのページへのリンクが切れていない", en="No link to an own page is broken"),
    why=Text(
        ja="切れたリンクは、利用者が目的の内容に至らず、別のサイトを探す原因になる。",
        en="A broken link leaves people without what they came for, and sends them looking elsewhere.",
    ),
    remedy=Text(ja="リンクを直すか、移転先への転送を設ける。", en="Mend the link, or redirect the old address."),
    says={
        **ELSEWHERE,
        "PAGES_THERE": Text(ja="見た {count} 件のページは全て存在する", en="all of {count} pages that were looked at exist"),
        "PAGES_MISSING": Text(ja="リンク先のページがない：{pages}", en="links lead to pages that are missing: {pages}"),
    },
)
def web_content_broken_links(crawl: WebCrawl) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    missing = [page.path for page in crawl.pages if page.status in {404, 410}]
    if missing:
        return failed("PAGES_MISSING", pages=listed(missing))
    return unfinished(crawl) or passed("PAGES_THERE", count=len(crawl.pages))


@check(
    "web.content.forms",
    severity=Severity.HIGH,
    title=Text(ja="フォームの送信先は HTTPS とする", en="Forms send over HTTPS"),
    why=Text(
        ja="HTTP で送られる入力内容は途中で読み取られる。",
        en="What is sent over plain HTTP can be read on the way.",
    ),
    remedy=Text(
        ja="フォームのあるページとその action を HTTPS にする。",
        en="Serve pages with forms over HTTPS, and give https:// URLs as their action.",
    ),
    says={
        **ELSEWHERE,
        "FORMS_SAFE": Text(ja="見たフォーム {count} 件は全て HTTPS で送る", en="all of {count} forms that were looked at send over HTTPS"),
        "FORMS_NONE": Text(ja="見たページにフォームはない", en="no page that was looked at has a form"),
        "FORMS_PASSWORD_IN_CLEAR": Text(
            ja="パスワードを HTTP で送るフォームがある：{pages}", en="passwords are sent over plain HTTP from {pages}"
        ),
        "FORMS_IN_CLEAR": Text(ja="HTTP で送るフォームがある：{pages}", en="forms are sent over plain HTTP from {pages}"),
    },
)
def web_content_forms(crawl: WebCrawl) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    clear = [seen for seen in crawl.forms if seen.form.action.startswith("http:")]
    if secret := [seen.page for seen in clear if seen.form.password]:
        return failed("FORMS_PASSWORD_IN_CLEAR", pages=listed(secret))
    if clear:
        return failed("FORMS_IN_CLEAR", pages=listed(seen.page for seen in clear))
    if (more := unfinished(crawl, Capped.FORMS)) is not None:
        return more
    return passed("FORMS_SAFE", count=len(crawl.forms)) if crawl.forms else not_applicable("FORMS_NONE")


@check(
    "web.content.executables",
    severity=Severity.LOW,
    title=Text(ja="実行形式のファイルを配布しない", en="No executable files are offered"),
    why=Text(
        ja="実行形式の配布に慣れた利用者は、偽サイトの不正プログラムも実行してしまう。",
        en="People who are used to running what a site gives them also run what a fake site gives them.",
    ),
    remedy=Text(
        ja="PDF 等の実行形式でない形で提供する。ほかに方法がないものは、理由を例外として記録する。",
        en="Offer another form, such as PDF; where there is none, record the reason as an exception.",
    ),
    says={
        **ELSEWHERE,
        "EXECUTABLES_NONE": Text(
            ja="見た {count} 件のページに実行形式へのリンクはない", en="none of {count} pages that were looked at links to one"
        ),
        "EXECUTABLES_OFFERED": Text(ja="実行形式へのリンクがある：{files}", en="executable files are linked to: {files}"),
        "MACROS_OFFERED": Text(ja="マクロを含む文書へのリンクがある：{files}", en="documents with macros are linked to: {files}"),
    },
)
def web_content_executables(crawl: WebCrawl) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    if found := [file.url for file in crawl.files if file.ending in EXECUTABLES]:
        return failed("EXECUTABLES_OFFERED", files=listed(found))
    if macros := [file.url for file in crawl.files if file.ending in MACROS]:
        return failed("MACROS_OFFERED", files=listed(macros))
    return unfinished(crawl, Capped.FILES) or passed("EXECUTABLES_NONE", count=len(crawl.pages))


@check(
    "web.content.documents",
    severity=Severity.LOW,
    title=Text(ja="公開する文書に作成者等の情報を残さない", en="Published documents keep nothing of their authors and history"),
    why=Text(
        ja="文書のプロパティや変更履歴から、個人名、内部のフォルダ、削ったはずの文章が漏れる。",
        en="Properties and tracked changes leak people's names, folders of the inside, and text thought to be deleted.",
    ),
    remedy=Text(
        ja="公開する前に文書の検査（Office のドキュメント検査等）により個人情報、コメント、変更履歴を除く。",
        en="Before publishing, remove personal information, comments and changes (Document Inspector of Office, for example).",
    ),
    says={
        **ELSEWHERE,
        "DOCUMENTS_CLEAN": Text(ja="読んだ文書 {count} 件に作成者等の情報はない", en="none of {count} documents that were read has any"),
        "DOCUMENTS_NONE": Text(ja="見たページから公開している文書は見つからない", en="no page that was looked at links to a document"),
        "DOCUMENTS_NAMES": Text(
            ja="作成者等の情報が残る文書がある：{documents}", en="documents tell their authors and the like: {documents}"
        ),
        "DOCUMENTS_MARKS": Text(
            ja="内部の場所、コメント又は変更履歴が残る文書がある：{documents}", en="documents keep paths, comments or changes: {documents}"
        ),
    },
)
def web_content_documents(
    crawl: WebCrawl, *, approved: Annotated[tuple[str, ...], WEB_DOCUMENT_NAMES] = WEB_DOCUMENT_NAMES.default
) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    if marked := [told for document in crawl.documents if (told := _with_properties(document, MARKS, ()))]:
        return failed("DOCUMENTS_MARKS", documents=listed(marked))
    if named := [told for document in crawl.documents if (told := _with_properties(document, PERSONAL, approved))]:
        return failed("DOCUMENTS_NAMES", documents=listed(named))
    unread = [document.url for document in crawl.documents if document.problem]
    if unread:
        return cannot_tell(
            Reason.UNSUPPORTED, "読めなかった文書がある：{urls}", "some documents could not be read: {urls}", urls=listed(unread)
        )
    if crawl.documents_left:
        return cannot_tell(
            Reason.BUDGET_SPENT,
            "ほかの文書 {count} 件を見ていない",
            "{count} further documents were not looked at",
            count=crawl.documents_left,
        )
    if (more := unfinished(crawl)) is not None:
        return more
    return passed("DOCUMENTS_CLEAN", count=len(crawl.documents)) if crawl.documents else not_applicable("DOCUMENTS_NONE")


@check(
    "web.content.images",
    severity=Severity.LOW,
    title=Text(ja="公開する画像に撮影場所や撮影者の情報を残さない", en="Published pictures do not tell where and by whom they were taken"),
    why=Text(
        ja="撮影機器が画像に書き込む位置や氏名から、職員の自宅や非公開の施設の場所、撮影者が知られる。",
        en="Positions and names that cameras write into pictures tell of homes, of sites that are not public, and of people.",
    ),
    remedy=Text(
        ja="公開する前に画像から Exif 等を削除する（画像編集ソフトの Web 用書き出し、exiftool -all= 等）。撮影機器の位置情報の記録も切る。",
        en="Strip Exif and the like before publishing (an export for the web, or exiftool -all=), and switch recording of positions off.",
    ),
    says={
        **ELSEWHERE,
        "IMAGES_CLEAN": Text(
            ja="読んだ画像 {count} 件に撮影場所や撮影者の情報はない", en="none of {count} pictures that were read has any"
        ),
        "IMAGES_NONE": Text(
            ja="見たページに JPEG、PNG、WebP の画像はない", en="no page that was looked at shows a JPEG, PNG or WebP picture"
        ),
        "IMAGES_LOCATED": Text(ja="撮影場所が残る画像がある：{images}", en="pictures tell where they were taken: {images}"),
        "IMAGES_NAMES": Text(ja="撮影者又は機器の所有者の名前が残る画像がある：{images}", en="pictures name people: {images}"),
    },
)
def web_content_images(
    crawl: WebCrawl, *, approved: Annotated[tuple[str, ...], WEB_DOCUMENT_NAMES] = WEB_DOCUMENT_NAMES.default
) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    if located := [told for image in crawl.images if (told := _with_properties(image, ("location",), ()))]:
        return failed("IMAGES_LOCATED", images=listed(located))
    if named := [told for image in crawl.images if (told := _with_properties(image, ("author", "owner"), approved))]:
        return failed("IMAGES_NAMES", images=listed(named))
    if unread := [image.url for image in crawl.images if image.problem]:
        return cannot_tell(
            Reason.UNSUPPORTED, "最後まで読めなかった画像がある：{urls}", "some pictures could not be read: {urls}", urls=listed(unread)
        )
    if crawl.images_left:
        return cannot_tell(
            Reason.BUDGET_SPENT,
            "ほかの画像 {count} 件を見ていない",
            "{count} further pictures were not looked at",
            count=crawl.images_left,
        )
    if (more := unfinished(crawl)) is not None:
        return more
    return passed("IMAGES_CLEAN", count=len(crawl.images)) if crawl.images else not_applicable("IMAGES_NONE")


def _with_properties(document: WebDocument, names: tuple[str, ...], approved: tuple[str, ...]) -> str:
    found = [each.name for each in document.properties if each.name in names and each.value not in approved]
    return f"{document.url.rpartition('/')[2]} ({', '.join(dict.fromkeys(found))})" if found else ""


@check(
    "web.content.official-domain",
    severity=Severity.MEDIUM,
    title=Text(ja="サイトを組織の公式なドメイン名で公開する", en="The site is published under an official domain name of the organisation"),
    why=Text(
        ja="公式でない名前のサイトは、利用者が本物と見分けられない。",
        en="Under another name people cannot tell the real site from a fake one.",
    ),
    remedy=Text(
        ja="公式なドメイン名（政府機関は go.jp、地方公共団体は lg.jp 等）でサイトを公開し、ほかの名前へ転送しない。",
        en="Publish the site under the official name (go.jp, lg.jp and so on) and do not redirect to another.",
    ),
    says={
        "OFFICIAL": Text(ja="{host} は公式なドメイン名である", en="{host} is an official name"),
        "UNOFFICIAL": Text(
            ja="{address} では公式でない {host} で公開している",
            en="at {address} the site is published as {host}, which is no official name",
        ),
    },
)
def web_content_official_domain(
    entry: WebEntry, *, suffixes: Annotated[tuple[str, ...], DNS_NAME_SUFFIXES] = DNS_NAME_SUFFIXES.default
) -> Judgement:
    if not suffixes:
        return value_not_set(DNS_NAME_SUFFIXES)

    def one(visit: WebVisit) -> Judgement:
        last = visit.answers[-1]
        host = host_of(last.location) or host_of(last.url)
        official = any(host == suffix.lstrip(".") or host.endswith("." + suffix.lstrip(".")) for suffix in suffixes)
        return passed("OFFICIAL", host=host) if official else failed("UNOFFICIAL", host=host)

    return each(entry, lambda seen: visit if isinstance(visit := visit_of(seen), Unobserved) else one(visit))
