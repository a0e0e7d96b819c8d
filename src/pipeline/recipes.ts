/** One processing step of a recipe. */
export interface RecipeStep {
  readonly processor: string
  /** What people see while it runs. */
  readonly label: string
  readonly options: Readonly<Record<string, unknown>>
  /** Its failure does not fail the job. */
  readonly optional: boolean
  /** `media`: only when a part may be audio, video or a picture. `library`: besides, only when the library gets it. */
  readonly needs?: 'media' | 'library'
}

/** The recipes that come with the house. `plain` leaves files as they are and looks into nothing. */
export const recipes: Readonly<Record<string, readonly RecipeStep[]>> = {
  default: [
    { processor: 'probe', label: 'look into', options: {}, optional: true, needs: 'media' },
    { processor: 'thumbnail', label: 'thumbnail', options: {}, optional: true, needs: 'library' },
  ],
  plain: [],
}
