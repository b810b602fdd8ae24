"""What the admin's lists need to be read on a phone."""

from django.utils.safestring import mark_safe

from finances.templatetags.changelists import labelled


def test_each_cell_names_its_column_and_the_box_to_choose_a_row_none():
    cells = [mark_safe('<td class="action-checkbox">x</td>'), mark_safe('<th class="field-name">Savings</th>')]
    headers = [{"text": "", "class_attrib": ' class="action-checkbox-column"'}, {"text": 'the "name"'}]

    assert list(labelled(cells, headers)) == [
        '<td data-label="" class="action-checkbox">x</td>',
        '<th data-label="The &quot;name&quot;" class="field-name">Savings</th>',
    ]
