import pytest
from tests.browser.panel.rig import Site
from tests.faces.photo_drawn import png, portrait
from tenants.people.roles import Role
pytestmark = [pytest.mark.asyncio(loop_scope="module")]
async def test_shots(house: Site) -> None:
    picture,_=portrait()
    for lang in ("ar","en"):
        for width in (1280,390):
            async with house.visitor(Role.EDITOR, language=lang, width=width) as v:
                for name,path in (("voices","/t/demo/voices"),("new","/t/demo/voices/new"),("words","/t/demo/voices/words"),("avatars","/t/demo/avatars"),("bring","/t/demo/avatars/new")):
                    await v.open(path)
                    await v.page.wait_for_timeout(1500 if name=="avatars" else 200)
                    print(name,lang,width,await v.wrong())
                    await v.page.screenshot(path=f"/tmp/shots/{name}-{lang}-{width}.png", full_page=True)
                files={"name": "p.png", "mimeType": "image/png", "buffer": png(picture)}
                await v.page.locator("input[name=name_ar]").fill("خالد"); await v.page.locator("input[name=name_en]").fill("Khalid")
                await v.page.locator("input[type=file][name=picture]").set_input_files(files)
                await v.page.locator("form[action$=photo] button").click()
                await v.page.locator("[data-portrait]").wait_for()
                await v.page.wait_for_timeout(800)
                print("points",lang,width,await v.wrong())
                await v.page.screenshot(path=f"/tmp/shots/points-{lang}-{width}.png", full_page=True)
